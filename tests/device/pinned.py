"""Page-locked memory, and copies that nobody waits for, on the device named "cuda"."""

from __future__ import annotations

import gc

import rushlight as rl
from rushlight.utils.data import DataLoader, Subset, TensorDataset


def numbers(*shape):
    return rl.arange(rl.Size(shape).numel()).view(*shape).float()


def error_of(call):
    try:
        call()
    except RuntimeError as error:
        return str(error)
    return ""


def pinned_tensors():
    x = numbers(3, 4)
    assert not x.is_pinned()
    pinned = x.pin_memory()
    assert pinned.is_pinned() and pinned.device.type == "cpu"
    assert pinned.data_ptr() != x.data_ptr()
    assert pinned.tolist() == x.tolist()
    assert pinned.pin_memory() is pinned
    assert pinned[1:, ::2].is_pinned() and pinned.t().is_pinned()
    assert not (pinned + 1).is_pinned() and not pinned.clone().is_pinned()
    assert pinned.untyped_storage().is_pinned()
    turned = x.t().pin_memory()
    assert turned.stride() == (1, 4) and turned.tolist() == x.t().tolist()
    strided = x[:, ::2].pin_memory()
    assert strided.tolist() == x[:, ::2].tolist()
    assert rl.zeros(0, 3).pin_memory().shape == (0, 3)
    with rl.inference_mode():
        assert x.pin_memory().is_inference()
    assert rl.tensor(2.5).pin_memory().item() == 2.5
    assert numbers(2).numpy() is not None and x.pin_memory().numpy()[2, 3] == 11
    leaf = numbers(2).requires_grad_()
    (leaf.pin_memory() * 3).sum().backward()
    assert leaf.grad.tolist() == [3, 3]
    assert "only dense CPU tensors can be pinned" in error_of(x.cuda().pin_memory)
    assert "not resizable" in error_of(lambda: pinned.resize_(100))


def factories():
    for make in (
        lambda **o: rl.empty(2, 3, **o),
        lambda **o: rl.zeros(2, 3, **o),
        lambda **o: rl.ones(2, 3, **o),
        lambda **o: rl.full((2, 3), 7, **o),
        lambda **o: rl.tensor([1, 2], **o),
        lambda **o: rl.arange(3, **o),
        lambda **o: rl.linspace(0, 1, 3, **o),
        lambda **o: rl.eye(3, **o),
        lambda **o: rl.rand(2, 3, **o),
        lambda **o: rl.randn(2, 3, **o),
        lambda **o: rl.randint(0, 5, (2, 3), **o),
        lambda **o: rl.randperm(5, **o),
        lambda **o: rl.empty_like(rl.ones(2), **o),
        lambda **o: rl.zeros_like(rl.ones(2), **o),
        lambda **o: rl.ones_like(rl.ones(2), **o),
        lambda **o: rl.full_like(rl.ones(2), 3, **o),
        lambda **o: rl.rand_like(rl.ones(2), **o),
        lambda **o: rl.logspace(0, 1, 3, **o),
        lambda **o: rl.hann_window(4, **o),
        lambda **o: rl.fft.fftfreq(4, **o),
        lambda **o: rl.empty_strided((2, 3), (1, 2), **o),
        lambda **o: rl.ones(2).new_zeros(3, **o),
        lambda **o: rl.ones(2).new_tensor([3], **o),
        lambda **o: rl.ones(2).new_empty_strided((2, 3), (1, 2), **o),
    ):
        rl.manual_seed(0)
        plain = make()
        assert not plain.is_pinned()
        rl.manual_seed(0)
        pinned = make(pin_memory=True)
        assert pinned.is_pinned()
        assert pinned.dtype is plain.dtype and pinned.shape == plain.shape
        assert pinned.stride() == plain.stride()
    leaf = rl.ones(2, pin_memory=True, requires_grad=True)
    assert leaf.is_leaf and leaf.requires_grad and leaf.is_pinned()
    wrong = error_of(lambda: rl.ones(2, pin_memory=True, device="cuda"))
    assert "only dense CPU tensors can be pinned" in wrong


def late_copies():
    # The stand-in makes a copy that nobody waits for as late as it may.
    if "guarded" not in rl.cuda.get_device_name():
        return
    target = rl.zeros(8, device="cuda")
    back = rl.zeros(8, pin_memory=True)
    for start, there in (
        (lambda x: target.copy_(x, non_blocking=True), lambda: target),
        (lambda x: x.to("cuda", non_blocking=True), None),
        (lambda x: x.cuda(non_blocking=True), None),
    ):
        source = rl.ones(8, pin_memory=True)
        made = start(source)
        # What is read is what the memory holds when the copy is made at last.
        source.fill_(2)
        assert (there() if there else made).cpu().tolist() == [2] * 8
    back.copy_(target, non_blocking=True)
    host = target.to("cpu", non_blocking=True)
    event = rl.cuda.Event()
    assert back.tolist() == [0] * 8
    event.record()
    event.synchronize()
    assert back.tolist() == host.tolist() == [2] * 8


def saved_tensors():
    x = numbers(4).cuda().requires_grad_()
    with rl.autograd.graph.save_on_cpu(pin_memory=True):
        y = (x * x).sum() + x.expand(3, 4).exp().sum()
    y.backward()
    wanted = 2 * x.detach() + 3 * x.detach().exp()
    assert rl.allclose(x.grad, wanted)


def copies_on_their_way():
    # The blocks are let go at once: none may be handed out before its copy is over.
    there = []
    for i in range(20):
        there.append(rl.full((1000,), i, pin_memory=True).to("cuda", non_blocking=True))
    for i, x in enumerate(there):
        assert x.cpu().tolist() == [i] * 1000
    target = rl.zeros(1000, device="cuda")
    source = numbers(1000).pin_memory()
    target.copy_(source, non_blocking=True)
    assert (target * 2).cpu().tolist() == (source * 2).tolist()
    # What is not page-locked is waited for, and so is a conversion.
    plain = numbers(1000)
    target.copy_(plain, non_blocking=True)
    plain.zero_()
    assert target.cpu()[-1].item() == 999
    whole = rl.arange(1000).pin_memory()
    target.copy_(whole, non_blocking=True)
    whole.zero_()
    assert target.cpu()[-1].item() == 999
    back = target.to("cpu", non_blocking=True)
    assert back.is_pinned()
    rl.cuda.synchronize()
    assert back.tolist() == numbers(1000).tolist()
    into = rl.empty(1000, pin_memory=True)
    into.copy_(target, non_blocking=True)
    rl.cuda.synchronize()
    assert into.tolist() == numbers(1000).tolist()
    columns = rl.empty(1000, 2, pin_memory=True)[:, 0]
    columns.copy_(target, non_blocking=True)
    assert columns.tolist() == numbers(1000).tolist()
    leaf = numbers(3).requires_grad_()
    (leaf.to("cuda", non_blocking=True) * 2).sum().backward()
    assert leaf.grad.tolist() == [2, 2, 2]
    half = leaf.to("cuda", rl.float16, non_blocking=True)
    assert half.dtype is rl.float16 and half.is_cuda
    net = rl.nn.Linear(2, 2).to("cuda", non_blocking=True)
    assert net.weight.is_cuda


def loaders():
    data = TensorDataset(numbers(10, 2), rl.arange(10))
    for workers in (0, 2):
        seen = []
        for x, y in DataLoader(data, 4, num_workers=workers, pin_memory=True):
            assert x.is_pinned() and y.is_pinned()
            there = x.to("cuda", non_blocking=True)
            del x
            seen.extend((there + 0).cpu()[:, 0].tolist())
        assert seen == [2.0 * i for i in range(10)]
    words = DataLoader([{"a": 1.0, "b": ("x", 2)}], pin_memory=True)
    (batch,) = words
    assert batch["a"].is_pinned() and batch["b"][0] == ["x"]
    assert batch["b"][1].is_pinned()
    on_device = TensorDataset(numbers(10, 2).cuda(), rl.arange(10).cuda())
    recorded = TensorDataset(numbers(10, 2).cuda().requires_grad_())
    for data in (on_device, recorded, Subset(on_device, range(10))):
        for options in ({}, {"shuffle": True}, {"sampler": list(range(10))}):
            batches = list(DataLoader(data, 4, **options))
            assert all(part.is_cuda for batch in batches for part in batch)
            rows = rl.cat([batch[0] for batch in batches]).cpu()[:, 0].tolist()
            assert sorted(rows) == [2.0 * i for i in range(10)]


pinned_tensors()
factories()
late_copies()
copies_on_their_way()
saved_tensors()
loaders()
gc.collect()
rl.cuda.empty_cache()
print("pinned memory is as asked")
