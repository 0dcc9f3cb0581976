"""Classic image classifiers with torchvision's names, structure and parameter names."""

from __future__ import annotations

from rushlight.vision.models._api import (
    Weights,
    WeightsEnum,
    get_model,
    get_model_builder,
    get_model_weights,
    get_weight,
    list_models,
)
from rushlight.vision.models.alexnet import *
from rushlight.vision.models.convnext import *
from rushlight.vision.models.densenet import *
from rushlight.vision.models.efficientnet import *
from rushlight.vision.models.googlenet import *
from rushlight.vision.models.inception import *
from rushlight.vision.models.mobilenetv2 import *
from rushlight.vision.models.mobilenetv3 import *
from rushlight.vision.models.resnet import *
from rushlight.vision.models.squeezenet import *
from rushlight.vision.models.vgg import *
from rushlight.vision.models.vision_transformer import *
