"""The annotations of COCO and what is asked of them, with pycocotools' names."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

_TABLES = ("images", "annotations", "categories")


class COCO:
    """The annotations in a file.

    Args:
        annotation_file: JSON, as described at cocodataset.org under "Data format".

    Attributes:
        dataset: the file's contents.
        anns, imgs, cats: from ids to annotations, images and categories.
        imgToAnns: from images' ids to their annotations.
        catToImgs: from categories' ids to the ids of images, once an annotation.

    Raises:
        ValueError: the file does not hold annotations.
    """

    def __init__(self, annotation_file=None) -> None:
        self.dataset: dict[str, Any] = {}
        self.anns: dict[int, dict] = {}
        self.imgs: dict[int, dict] = {}
        self.cats: dict[int, dict] = {}
        self.imgToAnns: dict[int, list[dict]] = defaultdict(list)
        self.catToImgs: dict[int, list[int]] = defaultdict(list)
        if annotation_file is not None:
            with open(annotation_file, "rb") as file:
                text = file.read()
            try:
                self.dataset = json.loads(text)
            except (ValueError, RecursionError) as error:
                raise ValueError(f"{annotation_file}: no JSON: {error}") from error
            self._check(annotation_file)
            self.createIndex()

    def _check(self, path) -> None:
        if not isinstance(self.dataset, dict):
            raise ValueError(f"{path}: expected an object of {', '.join(_TABLES)}")
        needed = {"images": ("id",), "annotations": ("id", "image_id")}
        for table in _TABLES:
            rows = self.dataset.get(table, [])
            keys = needed.get(table, ("id",))
            if not isinstance(rows, list):
                raise ValueError(f"{path}: {table!r} is no list")
            for at, row in enumerate(rows):
                if not isinstance(row, dict):
                    raise ValueError(f"{path}: {table}[{at}] is no object")
                for key in keys:
                    if not isinstance(row.get(key), (int, str)):
                        raise ValueError(f"{path}: {table}[{at}] has no {key!r}")

    def createIndex(self) -> None:
        """Make the tables of :attr:`dataset`'s rows by their ids."""
        for row in self.dataset.get("annotations", []):
            self.anns[row["id"]] = row
            self.imgToAnns[row["image_id"]].append(row)
            if "category_id" in row:
                self.catToImgs[row["category_id"]].append(row["image_id"])
        self.imgs.update((row["id"], row) for row in self.dataset.get("images", []))
        self.cats.update((row["id"], row) for row in self.dataset.get("categories", []))

    def getAnnIds(self, imgIds=(), catIds=(), areaRng=(), iscrowd=None) -> list[int]:
        """The ids of the annotations of images and categories, in the file's order.

        Args:
            imgIds, catIds: an id or several; none for all.
            areaRng: ``(least, most)``, both left out themselves.
            iscrowd: only those with this mark.
        """
        images, categories = _several(imgIds), _several(catIds)
        if images:
            rows = [row for id in images for row in self.imgToAnns.get(id, ())]
        else:
            rows = self.dataset.get("annotations", [])
        if categories:
            rows = [row for row in rows if row.get("category_id") in categories]
        if len(areaRng):
            rows = [row for row in rows if areaRng[0] < row["area"] < areaRng[1]]
        if iscrowd is not None:
            rows = [row for row in rows if row["iscrowd"] == iscrowd]
        return [row["id"] for row in rows]

    def getCatIds(self, catNms=(), supNms=(), catIds=()) -> list[int]:
        """The ids of the categories of these names, upper categories and ids."""
        names, upper, ids = _several(catNms), _several(supNms), _several(catIds)
        return [
            row["id"]
            for row in self.dataset.get("categories", [])
            if (not names or row.get("name") in names)
            and (not upper or row.get("supercategory") in upper)
            and (not ids or row["id"] in ids)
        ]

    def getImgIds(self, imgIds=(), catIds=()) -> list[int]:
        """The ids of the images that have all the categories."""
        images, categories = _several(imgIds), _several(catIds)
        found = set(images) if images else set(self.imgs)
        for category in categories:
            found &= set(self.catToImgs.get(category, ()))
        return list(found)

    def loadAnns(self, ids=()) -> list[dict]:
        """The annotations of an id or several."""
        return [self.anns[id] for id in _several(ids)]

    def loadCats(self, ids=()) -> list[dict]:
        """The categories of an id or several."""
        return [self.cats[id] for id in _several(ids)]

    def loadImgs(self, ids=()) -> list[dict]:
        """The images of an id or several: file names and sizes."""
        return [self.imgs[id] for id in _several(ids)]

    def info(self) -> None:
        """Print what the file says of itself."""
        for key, value in self.dataset.get("info", {}).items():
            print(f"{key}: {value}")


def _several(ids) -> list:
    if isinstance(ids, str) or not isinstance(ids, Iterable):
        return [ids]
    return list(ids)
