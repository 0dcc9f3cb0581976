"""A network learns from folders of images, as a program for torchvision is written."""

import sys
from pathlib import Path

import torch
from PIL import Image, ImageDraw
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, models, transforms
from torchvision.utils import save_image


def draw(root):
    """Folders of circles and squares."""
    for label, shape in enumerate(("circle", "square")):
        folder = Path(root, shape)
        folder.mkdir(exist_ok=True)
        for at in range(8):
            image = Image.new("RGB", (80, 72), (10 * at, 60, 120))
            box = [10 + at, 8, 50 + at, 48]
            pen = ImageDraw.Draw(image)
            (pen.rectangle if label else pen.ellipse)(box, fill=(200, 20 * at, 30))
            image.save(folder / f"{at}.png")


def main(root):
    torch.manual_seed(0)
    draw(root)
    prepare = transforms.Compose(
        [
            transforms.Resize(72),
            transforms.CenterCrop(64),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )
    images = datasets.ImageFolder(root, prepare)
    print(f"{len(images.classes)} classes: {', '.join(images.classes)}")
    loader = DataLoader(images, batch_size=8, shuffle=True)
    model = models.resnet18(weights=None)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    model.train()
    for step, (x, y) in enumerate(loader):
        if step == 0:
            print(f"batch {tuple(x.shape)} {sorted(set(y.tolist()))}")
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        print(f"loss {loss.item():.3f}")
    save_image(x, Path(root, "grid.png"), normalize=True)
    model.eval()
    with torch.no_grad():
        print(f"prediction {tuple(model(x).shape)}")


if __name__ == "__main__":
    main(sys.argv[1])
