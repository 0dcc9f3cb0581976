"""Datasets of images with torchvision's names, arguments and file layouts."""

from __future__ import annotations

from rushlight.vision.datasets.cifar import CIFAR10, CIFAR100
from rushlight.vision.datasets.coco import CocoCaptions, CocoDetection
from rushlight.vision.datasets.fakedata import FakeData
from rushlight.vision.datasets.folder import DatasetFolder, ImageFolder
from rushlight.vision.datasets.imagenet import ImageNet
from rushlight.vision.datasets.mnist import (
    EMNIST,
    KMNIST,
    MNIST,
    QMNIST,
    FashionMNIST,
)
from rushlight.vision.datasets.vision import VisionDataset

__all__ = [
    "CIFAR10",
    "CIFAR100",
    "CocoCaptions",
    "CocoDetection",
    "DatasetFolder",
    "EMNIST",
    "FakeData",
    "FashionMNIST",
    "ImageFolder",
    "ImageNet",
    "KMNIST",
    "MNIST",
    "QMNIST",
    "VisionDataset",
]
