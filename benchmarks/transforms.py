"""Image transforms: Rushlight against torchvision, in one process, in turn.

    pip install '.[parity]'
    python benchmarks/transforms.py
    python benchmarks/transforms.py --threads 1 --only pipeline

An image of 500 x 375 pixels becomes 224 x 224. Each row is the median of interleaved
runs; LOSES marks one on which torchvision is faster.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "parity"))
import rushlight
import rushlight.vision
from torchvision_oracle import torch, torchvision

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def image():
    """A smooth picture, as photographs are."""
    rng = np.random.default_rng(0)
    small = Image.fromarray(rng.integers(0, 256, (32, 40, 3), dtype=np.uint8))
    return small.resize((500, 375), Image.Resampling.BILINEAR)


def rows(library, vision, picture):
    """name -> a function of no arguments, of one library."""
    first = vision.transforms
    second = importlib.import_module(f"{first.__name__}.v2")
    f, f2, mode = first.functional, second.functional, first.InterpolationMode
    bytes_ = f.pil_to_tensor(picture).contiguous()
    floats = bytes_.to(library.float32) / 255
    common = [first.RandomResizedCrop(224), first.RandomHorizontalFlip()]
    crop2 = [second.RandomResizedCrop(224), second.RandomHorizontalFlip()]
    to_float2 = second.ToDtype(library.float32, scale=True)
    normal, normal2 = first.Normalize(MEAN, STD), second.Normalize(MEAN, STD)
    pipelines = {
        "pipeline, Pillow": first.Compose([*common, first.ToTensor(), normal]),
        "pipeline, uint8": first.Compose(
            [*common, first.ConvertImageDtype(library.float32), normal]
        ),
        "pipeline v2, Pillow": second.Compose(
            [*crop2, second.ToImage(), to_float2, normal2]
        ),
        "pipeline v2, uint8": second.Compose([*crop2, to_float2, normal2]),
        "RandAugment, uint8": first.RandAugment(),
    }
    table = {
        name: lambda p=p, x=picture if "Pillow" in name else bytes_: p(x)
        for name, p in pipelines.items()
    }
    fill, size, bilinear = [1.0, 1.0, 1.0], [224, 224], mode.BILINEAR
    return table | {
        "to_tensor": lambda: f.to_tensor(picture),
        "to_pil_image": lambda: f.to_pil_image(bytes_),
        "normalize": lambda: f.normalize(floats, MEAN, STD),
        "hflip, uint8": lambda: f.hflip(bytes_),
        "hflip, float32": lambda: f.hflip(floats),
        "resize, float32": lambda: f.resize(floats, size),
        "resize, uint8": lambda: f.resize(bytes_, size),
        "resize v2, uint8": lambda: f2.resize(bytes_, size),
        "resize nearest, uint8": lambda: f.resize(bytes_, size, mode.NEAREST),
        "adjust_brightness, uint8": lambda: f.adjust_brightness(bytes_, 1.3),
        "adjust_contrast, uint8": lambda: f.adjust_contrast(bytes_, 1.3),
        "adjust_saturation, uint8": lambda: f.adjust_saturation(bytes_, 1.3),
        "adjust_hue, uint8": lambda: f.adjust_hue(bytes_, 0.1),
        "adjust_sharpness, uint8": lambda: f.adjust_sharpness(bytes_, 1.3),
        "autocontrast, uint8": lambda: f.autocontrast(bytes_),
        "equalize, uint8": lambda: f.equalize(bytes_),
        "gaussian_blur 5, uint8": lambda: f.gaussian_blur(bytes_, 5),
        "pad reflect, uint8": lambda: f.pad(bytes_, 4, padding_mode="reflect"),
        "rotate nearest, uint8": lambda: f.rotate(bytes_, 33.0, fill=fill),
        "rotate bilinear, uint8": lambda: f.rotate(bytes_, 33.0, bilinear, fill=fill),
    }


def seconds(function, least=0.02) -> float:
    """Of one call, over as many as last a while."""
    calls, start = 0, time.perf_counter()
    while True:
        function()
        calls += 1
        spent = time.perf_counter() - start
        if spent >= least:
            return spent / calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="rows whose names hold a text")
    parser.add_argument("--threads", type=int, help="of both libraries")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    if options.threads:
        rushlight.set_num_threads(options.threads)
        torch.set_num_threads(options.threads)
    picture = image()
    ours = rows(rushlight, rushlight.vision, picture)
    theirs = rows(torch, torchvision, picture)
    print(f"{'':28}{'rushlight':>12}{'torchvision':>13}{'ratio':>8}")
    for name in ours:
        if options.only not in name:
            continue
        times: tuple[list[float], list[float]] = ([], [])
        for turn in range(options.rounds):
            for library, spent, function in (
                (rushlight, times[0], ours[name]),
                (torch, times[1], theirs[name]),
            ):
                library.manual_seed(turn)
                spent.append(seconds(function))
        a, b = (statistics.median(spent) * 1e3 for spent in times)
        note = "" if b >= a else "  LOSES"
        print(f"{name:28}{a:9.3f} ms{b:10.3f} ms{b / a:8.2f}{note}")


if __name__ == "__main__":
    main()
