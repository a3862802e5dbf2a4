"""The images of the data folder, decoded once into memory as objects with a case and a source.

An object is one 2D image with one binary mask that deserves a box. Sources whose folder begins with `nc-` are never read
for training: they are the unseen data sets of the evaluation.
"""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import nibabel
import numpy as np
from PIL import Image
from scipy import ndimage

MINIMUM_OBJECT_PX = 20
HELD_OUT_PERCENT = {"images": 10, "collections": 20}
LEFT_OUT = {
    "chasedb1-fundus": "vessel trees are poor box targets",
    "nc-drive-fundus": "vessel trees are poor box targets",
    "pulmonary-artery-vein-ct": "vessel trees are poor box targets",
    "msd-hepatic-vessel-ct": "vessel trees are poor box targets",
    "ms-mendeley-flair-mr": "scattered lesions",
    "nc-aisd-stroke-ct": "scattered lesions",
    "mammogram-density-mg": "diffuse tissue",
    "nc-full-head-mr": "layers round the whole head",
    "nc-medsam2-ct-lesions-3d": "two volumes, kept for the volume tests",
}
# Labels that lie in one another are read as the regions they bound, as their field scores them: whole tumour and tumour
# core, optic disc and optic cup. A box round oedema is a box round the whole tumour, one round a disc's rim a box round
# the disc: as targets of their own, rings contradict what they surround.
TUMOUR_REGIONS, DISC_REGIONS = ((1, 2, 3), (1, 3)), ((1, 2), (2,))
NESTED = {
    "fets2021-glioma-mr": TUMOUR_REGIONS,
    "utsw-glioma-mr": TUMOUR_REGIONS,
    "nc-brats2023-glioma-mr": TUMOUR_REGIONS,
    "drishti-gs-fundus": DISC_REGIONS,
    "nc-smdg-glaucoma-fundus": DISC_REGIONS,
}


@dataclass
class Item:
    """One object: `image` [H, W] or [H, W, 3] uint8; `bits` [h, w] bool, its tight part, at `origin` (x, y) px."""

    source: str
    case: str
    licence: str
    modality: str
    name: str
    image: np.ndarray
    origin: tuple
    bits: np.ndarray
    drawn: np.ndarray
    """[H, W] bool: every object that anybody drew on this image; shared between its items."""

    @property
    def box(self):
        """[x0, y0, x1, y1] edges of the smallest box round the object, px."""
        (x, y), (height, width) = self.origin, self.bits.shape
        return (float(x), float(y), float(x + width), float(y + height))

    @property
    def mask(self):
        """[H, W] bool."""
        full = np.zeros(self.image.shape[:2], bool)
        (x, y), (height, width) = self.origin, self.bits.shape
        full[y : y + height, x : x + width] = self.bits
        return full


def tight_box(mask):
    """[x0, y0, x1, y1] edges of the smallest box round the mask, px."""
    ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (float(xs[0]), float(ys[0]), float(xs[-1] + 1), float(ys[-1] + 1))


def read_rows(folder, licences):
    """Rows of a manifest: `licences` "open" or "nc" (non-commercial or unclear), without the sources left out."""
    with open(Path(folder) / "manifest.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    source = lambda row: row["file"].split("/")[0]
    return [row for row in rows if source(row).startswith("nc-") == (licences == "nc") and source(row) not in LEFT_OUT]


def load(data, licences="open"):
    """[(group, items)]: every object of `images` and of `collections`, in the order of the manifests."""
    return [(group, _load_group(Path(data) / group, licences)) for group in ("images", "collections")]


def _load_group(folder, licences):
    images, drawn, items = {}, {}, []
    for row in read_rows(folder, licences):
        if row["file"].endswith(".nii.gz"):
            items += _volume_items(folder, row)
            continue
        if row["file"] not in images:
            images[row["file"]] = _decode(folder / row["file"])
            drawn[row["file"]] = np.zeros(images[row["file"]].shape[:2], bool)
        mask = np.asarray(Image.open(folder / row["mask"]).convert("L"))
        drawn[row["file"]] |= mask > 0
        items += objects_of(row, images[row["file"]], mask, drawn[row["file"]])
    return items


def _decode(path):
    image = np.asarray(Image.open(path))
    if image.ndim == 3 and image.shape[2] >= 3:
        image = image[..., :3]
        grey = (image[..., 0] == image[..., 1]).all() and (image[..., 1] == image[..., 2]).all()
        return np.ascontiguousarray(image[..., 0] if grey else image)
    return image if image.ndim == 2 else image[..., 0]


def objects_of(row, image, mask, drawn):
    """Each connected component (8-neighbourhood) of each label, or region of nested labels, that is large enough."""
    source = row["file"].split("/")[0]
    if source in NESTED:
        regions = [(values, joined(np.isin(mask, values))) for values in NESTED[source]]
    else:
        regions = [((int(value),), mask == value) for value in np.unique(mask[mask > 0])]
    found = []
    for values, region in regions:
        labelled, _ = ndimage.label(region, structure=np.ones((3, 3)))
        for index, part in enumerate(ndimage.find_objects(labelled), start=1):
            bits = labelled[part] == index
            if bits.sum() < MINIMUM_OBJECT_PX:
                continue
            name = f"{row['mask']}#{'+'.join(map(str, values))}.{index}"
            origin = (part[1].start, part[0].start)
            # Where no patient is named, the image is the case.
            case = row["case_id"] or row["file"]
            found.append(Item(source, case, row["licence"], row["modality"], name, image, origin, bits, drawn))
    return found


def joined(region):
    """The region without the unlabelled seams, a pixel or two wide, that some exports leave between labels, and without holes."""
    padded = np.pad(region.astype(np.uint8), 2)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    return ndimage.binary_fill_holes(closed)[2:-2, 2:-2]


def _volume_items(folder, row):
    """Slices along each axis of a small volume; every other slice, each label and their union."""
    volume = np.asarray(nibabel.load(folder / row["file"]).dataobj, dtype=np.float64)
    labels = np.asarray(nibabel.load(folder / row["mask"]).dataobj)
    positive = volume[volume > 0]
    low, high = np.percentile(positive, (0.5, 99.5))
    view = ((np.clip(volume, low, high) - low) / (high - low) * 255).astype(np.uint8)
    items = []
    for axis in range(3):
        for index in range(0, volume.shape[axis], 2):
            image = np.ascontiguousarray(np.take(view, index, axis=axis).T)
            mask = np.take(labels, index, axis=axis).T
            slice_row = {**row, "mask": f"{row['mask']}[{axis}:{index}]"}
            items += objects_of(slice_row, image, mask, mask > 0)
            if len(np.unique(mask[mask > 0])) > 1:
                items += objects_of({**slice_row, "mask": slice_row["mask"] + "union"}, image, (mask > 0) * np.uint8(255), mask > 0)
    return items


def split(groups):
    """{"training", "validation", "test"} of `load`, by case within each source.

    The first part of the cases by the hash of their identifier is the test (a source with one case has none), the next
    part, half as large, the validation, which calibrates the confidence. The same on every machine; the test cases of
    `images` are those of version 1.0.0.
    """
    parts = {"training": [], "validation": [], "test": []}
    for group, items in groups:
        cases = {}
        for item in items:
            cases.setdefault(item.source, set()).add(item.case)
        role = {}
        for source, of_source in cases.items():
            ordered = sorted(of_source, key=lambda case: hashlib.sha256(f"{source}/{case}".encode()).hexdigest())
            tests = max(1, round(len(ordered) * HELD_OUT_PERCENT[group] / 100)) if len(ordered) > 1 else 0
            validations = max(1, tests // 2) if len(ordered) >= 5 else 0
            for index, case in enumerate(ordered):
                role[source, case] = "test" if index < tests else "validation" if index < tests + validations else "training"
        for item in items:
            parts[role[item.source, item.case]].append(item)
    return parts
