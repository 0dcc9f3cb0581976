"""PyTorch's names for Rushlight: the import hook and ``python -m rushlight run``."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

import rushlight
from rushlight import compat

SCRIPTS = pathlib.Path(__file__).parent / "scripts"
PACKAGES = os.path.dirname(os.path.dirname(os.path.abspath(rushlight.__file__)))


def run(*args, code=0, **kwargs):
    """(output, errors) of ``python -m rushlight run``."""
    environment = dict(os.environ, PYTHONPATH=PACKAGES)
    done = subprocess.run(
        [sys.executable, "-m", "rushlight", "run", *map(str, args)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        **kwargs,
    )
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


def inside(program):
    """What a program prints that may install torch's names for itself."""
    environment = dict(os.environ, PYTHONPATH=PACKAGES)
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
        timeout=120,
    ).stdout


def numbers(text, word):
    found = [
        line.split(word)[1].split()[0] for line in text.splitlines() if word in line
    ]
    return [float(n.rstrip(",")) for n in found]


def test_mlp_learns():
    losses = numbers(run(SCRIPTS / "mlp.py", "--steps", 40)[0], "loss ")
    assert len(losses) == 8
    assert losses[-1] < 0.8 * losses[0]


def test_lstm_learns():
    losses = numbers(run(SCRIPTS / "lstm.py")[0], "loss ")
    assert len(losses) == 8
    assert losses[-1] < losses[0]


def test_loader_gives_every_sample_once():
    lines = run(SCRIPTS / "loader.py")[0].splitlines()
    sizes = [int(line[1 : line.index(",")]) for line in lines[:-1]]
    assert sizes == [7, 7, 7, 3, 7, 7, 7]


def test_training_goes_on_from_a_checkpoint(tmp_path):
    lines = run(SCRIPTS / "save_load.py", tmp_path)[0].splitlines()
    again = lines.index("again")
    assert lines[again + 1] == "<All keys matched successfully>"
    assert lines[3:again] == lines[again + 2 :]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_started_processes_have_torch(method):
    version = f"2.13.0+rushlight{rushlight.__version__}"
    assert run(SCRIPTS / "processes.py", method)[0] == (
        f"[(3, '{version}'), (7, '{version}')]\n"
    )


SHOW = """
import sys, inspect
main = sys.modules["__main__"]
print(__name__, main.__dict__ is globals(), sys.argv[1:])
print(globals().get("__file__"), repr(sys.path[0]), __spec__ and __spec__.name)
"""


def test_a_script_is_main(tmp_path):
    script = tmp_path / "show.py"
    script.write_text(SHOW)
    lines = run(script, "a", "-h", "--b=1")[0].splitlines()
    assert lines[0] == "__main__ True ['a', '-h', '--b=1']"
    assert lines[1] == f"{script} {str(tmp_path)!r} None"


def test_a_module_is_main(tmp_path):
    (tmp_path / "shows.py").write_text(SHOW)
    lines = run("-m", "shows", "-m", cwd=tmp_path)[0].splitlines()
    assert lines[0] == "__main__ True ['-m']"
    assert lines[1] == f"{tmp_path / 'shows.py'} {str(tmp_path)!r} shows"


def test_code_is_main():
    lines = run("-c", SHOW, "x")[0].splitlines()
    assert lines == ["__main__ True ['x']", "None '' None"]


def test_a_folder_is_main(tmp_path):
    (tmp_path / "__main__.py").write_text("import torch, other\nprint(other.here)")
    (tmp_path / "other.py").write_text("here = 5")
    assert run(tmp_path)[0] == "5\n"


def test_a_traceback_begins_in_the_program(tmp_path):
    script = tmp_path / "fails.py"
    script.write_text(
        "import torch\ndef f():\n    torch.ones(2) @ torch.ones(3)\nf()\n"
    )
    lines = run(script, code=1)[1].splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1] == f'  File "{script}", line 4, in <module>'
    assert lines[-1].startswith("RuntimeError: ")


def test_a_wrong_line_is_shown(tmp_path):
    script = tmp_path / "wrong.py"
    script.write_text("import torch\nx = = 1\n")
    errors = run(script, code=1)[1].splitlines()
    assert errors[0] == f'  File "{script}", line 2'
    assert errors[-1].startswith("SyntaxError: ")


def test_exit_status(tmp_path):
    script = tmp_path / "exits.py"
    script.write_text("import torch, sys\nsys.exit(7)\n")
    run(script, code=7)


def test_no_program():
    assert "no program given" in run(code=2)[1]
    assert "no option '-x'" in run("-x", code=2)[1]
    assert "can't open 'none.py'" in run("none.py", code=2)[1]
    assert run("--help")[0].startswith("usage: python -m rushlight run script.py")


# The fixture below needs a process that has not imported PyTorch; the parity tests'
# process has.
@pytest.fixture
def torch():
    """The module that torch is between install() and uninstall()."""
    if "torch" in sys.modules:
        pytest.skip("PyTorch itself is imported in this process")
    compat.install()
    import torch

    yield torch
    compat.uninstall()


def test_install_inside_a_program(torch):
    import torch.nn.functional as F
    from torch.utils.data import DataLoader

    assert compat.installed()
    assert torch.nn.Linear is rushlight.nn.Linear
    assert torch.add is rushlight.add
    assert F.relu is rushlight.nn.functional.relu
    assert DataLoader is rushlight.utils.data.DataLoader
    assert torch.nn is sys.modules["torch.nn"]
    assert torch.nn.functional is F
    assert set(dir(rushlight.nn)) == set(dir(torch.nn))
    compat.install()
    assert (
        sum(type(f).__module__ == "rushlight.compat._finder" for f in sys.meta_path)
        == 1
    )


def test_settings_are_not_kept(torch):
    torch.nn.functional.answer = 1
    try:
        assert rushlight.nn.functional.answer == 1
        rushlight.nn.functional.answer = 2
        assert torch.nn.functional.answer == 2
    finally:
        del torch.nn.functional.answer
    assert not hasattr(rushlight.nn.functional, "answer")


def test_replacing_a_function(torch):
    before = torch.exp
    torch.exp = min
    try:
        assert rushlight.exp is torch.exp is min
    finally:
        torch.exp = before
    assert rushlight.exp is torch.exp is before


def test_star_import(torch):
    names = {}
    exec("from torch import *\nfrom torch.nn import *", names)
    assert names["zeros"] is rushlight.zeros
    assert names["Linear"] is rushlight.nn.Linear


def test_version(torch):
    version = torch.__version__
    assert isinstance(version, str)
    assert version.split("+")[0].split(".")[:2] == ["2", "13"]
    assert version > "2.4" and version > "2.9.1" and version < "2.13.1"
    assert version >= (2, 13) and version < (3,) and not version <= (2, 2)
    assert version == "2.13" and version != "2.1" and version != "2.13.0+cpu"
    assert torch.version.cuda is None
    assert torch.version.__version__ == version
    with pytest.raises(TypeError):
        version < 3  # noqa: B015


def test_older_places(torch):
    from torch.cuda.amp import GradScaler

    assert torch.cuda.amp.GradScaler is GradScaler
    assert issubclass(GradScaler, rushlight.amp.GradScaler)
    assert issubclass(torch.cuda.amp.autocast, rushlight.amp.autocast)
    scaler = GradScaler(enabled=False, init_scale=4.0)
    assert scaler.scale(torch.ones(1)).item() == 1
    with torch.cuda.amp.autocast(enabled=False):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype is torch.float32
    import torch.autograd.profiler as profiler

    with profiler.profile(enabled=False) as off, profiler.profile() as p:
        with profiler.record_function("block"):
            torch.ones(1)
    assert [e.key for e in p.key_averages()] == ["block", "aten::ones"]
    assert "block" in p.table()
    with pytest.raises(RuntimeError, match="nothing has been recorded"):
        off.events()


def test_missing_names(torch):
    with pytest.raises(AttributeError, match=r"not have torch\.reluu.*: relu"):
        torch.reluu
    with pytest.raises(ImportError, match=r"not have torch\.nn\.Linaer.*Linear"):
        from torch.nn import Linaer  # noqa: F401
    with pytest.raises(
        ModuleNotFoundError, match=r"not have torch\.optimizer.*: optim"
    ):
        import torch.optimizer
    with pytest.raises(ModuleNotFoundError, match=r"not have torch\.nn\.functional\.x"):
        import torch.nn.functional.x
    assert not hasattr(torch, "qwertz")


def test_torchvision(torch):
    import torchvision
    import torchvision.datasets as datasets
    from torchvision.io import read_image
    from torchvision.models import ResNet18_Weights, resnet18
    from torchvision.ops import nms
    from torchvision.utils import save_image

    vision = rushlight.vision
    assert torchvision.__name__ == "torchvision"
    assert torchvision.__version__.startswith("0.28.0+rushlight")
    assert torchvision.version.__version__ == torchvision.__version__
    assert torchvision.datasets is datasets
    assert datasets.ImageFolder is vision.datasets.ImageFolder
    assert datasets.folder.default_loader is vision.datasets.folder.default_loader
    assert datasets.utils.download_url is vision.datasets.utils.download_url
    assert resnet18 is torchvision.models.resnet18 is vision.models.resnet18
    assert ResNet18_Weights is vision.models.ResNet18_Weights
    assert nms is vision.ops.nms and save_image is vision.utils.save_image
    assert read_image is vision.io.read_image
    assert torchvision.get_image_backend() == "PIL"
    torchvision.set_image_backend("PIL")
    torchvision.disable_beta_transforms_warning()
    with pytest.raises(ValueError, match="Invalid backend 'accimage'"):
        torchvision.set_image_backend("accimage")


def test_torchvision_names_that_are_missing(torch):
    from torchvision import datasets, models

    with pytest.raises(AttributeError, match=r"not have torchvision\.datasets\.SVHN"):
        datasets.SVHN
    with pytest.raises(
        ImportError, match=r"torchvision\.datasets\.FashionMnist.*: Fas"
    ):
        from torchvision.datasets import FashionMnist  # noqa: F401
    with pytest.raises(
        ModuleNotFoundError, match=r"not have torchvision\.models\.detection"
    ):
        import torchvision.models.detection
    with pytest.raises(ModuleNotFoundError, match=r"not have torchvision\.prototype"):
        import torchvision.prototype  # noqa: F401
    assert not hasattr(models, "swin_t")


def test_torchvision_script(tmp_path):
    pytest.importorskip("PIL", reason="Pillow is not installed")
    lines = run(SCRIPTS / "images.py", tmp_path)[0].splitlines()
    assert lines[0] == "2 classes: circle, square"
    assert lines[1] == "batch (8, 3, 64, 64) [0, 1]"
    losses = numbers("\n".join(lines), "loss ")
    assert len(losses) == 2
    assert all(0 < loss < 20 for loss in losses)
    assert lines[-1] == "prediction (8, 1000)"


def test_uninstall():
    printed = inside(
        "import sys, rushlight\n"
        "rushlight.compat.install()\n"
        "import torch.nn\n"
        "old = torch\n"
        "rushlight.compat.uninstall()\n"
        "print([n for n in sys.modules if n.partition('.')[0] == 'torch'])\n"
        "print(old.nn.Linear(1, 1), old.optim.SGD is rushlight.optim.SGD)\n"
        "print(rushlight.compat.installed(), rushlight.nn.__spec__.name)\n"
    )
    assert printed.splitlines() == [
        "[]",
        "Linear(in_features=1, out_features=1, bias=True) True",
        "False rushlight.nn",
    ]


def test_real_torch_is_refused(monkeypatch):
    module = type(sys)("torch")
    module.__file__ = "/somewhere/torch/__init__.py"
    monkeypatch.setitem(sys.modules, "torch", module)
    with pytest.raises(ImportError, match=r"torch itself is imported.*from /somewhere"):
        compat.install()
    assert not compat.installed()
    assert sys.modules["torch"] is module


def test_not_imported_unasked():
    printed = inside("import sys, rushlight\nprint('rushlight.compat' in sys.modules)")
    assert printed == "False\n"
