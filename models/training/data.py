"""The open-licence images of the data folder, decoded once into memory as objects with a case and a source.

An object is one 2D image with one binary mask that deserves a box. Sources whose folder begins with `nc-` are never
read for training, nor is the vessel tree of chasedb1-fundus, whose boxes would hold the whole image.
"""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
from PIL import Image
from scipy import ndimage

MINIMUM_OBJECT_PX = 20
HELD_OUT_PERCENT = 10
LEFT_OUT = {"chasedb1-fundus": "vessel trees are poor box targets"}
TRAINING_ONLY = {"covid-cxr": "one image", "rings-prostate-histology": "one case"}
NOT_BOX_FRIENDLY = {"pulmonary-artery-vein-ct", "ms-mendeley-flair-mr", "mammogram-density-mg", "msd-hepatic-vessel-ct"}


@dataclass
class Item:
    """One object: `image` [H, W] or [H, W, 3] uint8, `mask` [H, W] bool."""

    source: str
    case: str
    licence: str
    name: str
    image: np.ndarray
    mask: np.ndarray

    @property
    def box(self):
        return tight_box(self.mask)


def tight_box(mask):
    """[x0, y0, x1, y1] edges of the smallest box round the mask, px."""
    ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (float(xs[0]), float(ys[0]), float(xs[-1] + 1), float(ys[-1] + 1))


def held_out_cases(source, cases):
    """The cases of a source kept for evaluation: the first tenth by the hash of the identifier, at least one.

    The same on every machine, and no other case decides whether patients of other sources are held out.
    """
    if source in TRAINING_ONLY:
        return set()
    key = lambda case: hashlib.sha256(f"{source}/{case}".encode()).hexdigest()
    count = max(1, round(len(cases) * HELD_OUT_PERCENT / 100))
    return set(sorted(cases, key=key)[:count])


def read_rows(folder):
    """Rows of a manifest whose licence is open, without the sources that are left out."""
    with open(Path(folder) / "manifest.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    source = lambda row: row["file"].split("/")[0]
    return [row for row in rows if not source(row).startswith("nc-") and source(row) not in LEFT_OUT]


def load(folder):
    """Every object below `folder` (images/ or collections/), in the order of the manifest."""
    images = {}
    items = []
    for row in read_rows(folder):
        if row["file"].endswith(".nii.gz"):
            items += _volume_items(folder, row)
            continue
        if row["file"] not in images:
            images[row["file"]] = _decode(Path(folder) / row["file"])
        mask = np.asarray(Image.open(Path(folder) / row["mask"]).convert("L"))
        items += _objects(row, images[row["file"]], mask)
    return items


def _decode(path):
    image = np.asarray(Image.open(path))
    if image.ndim == 3 and image.shape[2] >= 3:
        image = image[..., :3]
        grey = (image[..., 0] == image[..., 1]).all() and (image[..., 1] == image[..., 2]).all()
        return np.ascontiguousarray(image[..., 0] if grey else image)
    return image if image.ndim == 2 else image[..., 0]


def _objects(row, image, mask):
    """Each connected component (8-neighbourhood) of each label that is large enough is one object.

    """
    source = row["file"].split("/")[0]
    found = []
    for value in np.unique(mask[mask > 0]):
        labelled, count = ndimage.label(mask == value, structure=np.ones((3, 3)))
        sizes = np.bincount(labelled.ravel(), minlength=count + 1)
        for index in range(1, count + 1):
            if sizes[index] >= MINIMUM_OBJECT_PX:
                name = f"{row['mask']}#{value}.{index}"
                found.append(Item(source, row["case_id"], row["licence"], name, image, labelled == index))
    return found


def _volume_items(folder, row):
    """Slices along each axis of a small volume; every other slice, each label and their union."""
    volume = np.asarray(nibabel.load(Path(folder) / row["file"]).dataobj, dtype=np.float64)
    labels = np.asarray(nibabel.load(Path(folder) / row["mask"]).dataobj)
    positive = volume[volume > 0]
    low, high = np.percentile(positive, (0.5, 99.5))
    view = ((np.clip(volume, low, high) - low) / (high - low) * 255).astype(np.uint8)
    items = []
    for axis in range(3):
        for index in range(0, volume.shape[axis], 2):
            image = np.ascontiguousarray(np.take(view, index, axis=axis).T)
            mask = np.take(labels, index, axis=axis).T
            slice_row = {**row, "mask": f"{row['mask']}[{axis}:{index}]"}
            items += _objects(slice_row, image, mask)
            if len(np.unique(mask[mask > 0])) > 1:
                items += _objects({**slice_row, "mask": slice_row["mask"] + "union"}, image, (mask > 0) * np.uint8(255))
    return items


def split(items):
    """(training, held out), by case within each source."""
    cases = {}
    for item in items:
        cases.setdefault(item.source, set()).add(item.case)
    kept = {source: held_out_cases(source, of_source) for source, of_source in cases.items()}
    held_out = [item for item in items if item.case in kept[item.source]]
    training = [item for item in items if item.case not in kept[item.source]]
    return training, held_out
