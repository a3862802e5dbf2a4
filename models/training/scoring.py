"""What is scored and how: which objects, which boxes, DSC and NSD, and the classical methods a network has to beat.

Everything happens on the `region` of an object: the part of the slice that the box's crop and the object touch. Classical
methods are given that of the near look, which is what they were given beside the versions before.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage

from crop import RECIPE, crop_rect

MINIMUM_SCORED_PX = 100  # the paper's curation of 2D objects
PAPER_SHIFT_PX, PAPER_SIDE_PX = 20, 1024
NSD_TOLERANCE_PX = 2.0
GRABCUT_SIDE_PX, GRABCUT_ROUNDS = 128, 4


@dataclass
class Case:
    """One object with the box it is scored with."""

    item: object
    box: tuple

    @property
    def region(self):
        """(x0, y0, x1, y1) whole pixels, inside the slice."""
        return region_of(self.item, self.box)


def region_of(item, box, recipe=RECIPE):
    rect, tight = crop_rect(box, recipe), item.box
    height, width = item.image.shape[:2]
    x0, y0 = (max(0, int(min(rect[i], box[i], tight[i])) - 4) for i in (0, 1))
    x1 = min(width, int(max(rect[2], box[2], tight[2])) + 5)
    y1 = min(height, int(max(rect[3], box[3], tight[3])) + 5)
    return x0, y0, x1, y1


def cut(image, region):
    x0, y0, x1, y1 = region
    return image[y0:y1, x0:x1]


def truth(item, region):
    """The object's mask on the region."""
    mask = np.zeros((region[3] - region[1], region[2] - region[0]), bool)
    (x, y), (height, width) = item.origin, item.bits.shape
    x, y = x - region[0], y - region[1]
    mask[y : y + height, x : x + width] = item.bits
    return mask


def choose(items, limit, seed=11):
    """{source: at most `limit` objects of at least 100 px, drawn by chance}, sources in alphabetical order."""
    by_source = {}
    for item in items:
        if item.bits.sum() >= MINIMUM_SCORED_PX:
            by_source.setdefault(item.source, []).append(item)
    rng = np.random.default_rng(seed)
    drawn = {}
    for source in sorted(by_source):
        of_source = by_source[source]
        picked = rng.choice(len(of_source), min(limit, len(of_source)), replace=False)
        drawn[source] = [of_source[index] for index in sorted(picked)]
    return drawn


def paper_box(item, rng):
    """Each side moved outward by 0–20 px of a slice stretched to 1024 × 1024, kept in the slice."""
    height, width = item.image.shape[:2]
    reach = np.array([width, height, width, height]) * PAPER_SHIFT_PX / PAPER_SIDE_PX
    out = rng.uniform(0, 1, 4) * reach
    x0, y0, x1, y1 = item.box
    return (max(0.0, x0 - out[0]), max(0.0, y0 - out[1]), min(float(width), x1 + out[2]), min(float(height), y1 + out[3]))


def enlarged_box(item, factor):
    """The exact box with both sides `factor` times as long, about its centre, kept in the slice."""
    x0, y0, x1, y1 = item.box
    height, width = item.image.shape[:2]
    dx, dy = (x1 - x0) * (factor - 1) / 2, (y1 - y0) * (factor - 1) / 2
    return (max(0.0, x0 - dx), max(0.0, y0 - dy), min(float(width), x1 + dx), min(float(height), y1 + dy))


def cases_of(chosen, seed=13):
    """The chosen objects with the paper's boxes, always the same: {source: [Case]}."""
    rng = np.random.default_rng(seed)
    return {source: [Case(item, paper_box(item, rng)) for item in items] for source, items in chosen.items()}


def dice(a, b):
    """Dice similarity of two masks of which at least one is not empty."""
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


def surface_dice(a, b, tolerance=NSD_TOLERANCE_PX):
    """Normalised surface Dice: the part of both outlines (pixels with a neighbour outside) within `tolerance` of the other."""
    if not a.any() or not b.any():
        return 0.0
    outlines = [mask & ~cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0).astype(bool) for mask in (a, b)]
    far = [cv2.distanceTransform((~outline).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) for outline in outlines]
    near = (far[1][outlines[0]] <= tolerance).sum() + (far[0][outlines[1]] <= tolerance).sum()
    return float(near / (outlines[0].sum() + outlines[1].sum()))


def box_pixels(box, region):
    """[h, w] bool: pixels of the region whose centre is in the box."""
    x = np.arange(region[0], region[2]) + 0.5
    y = np.arange(region[1], region[3]) + 0.5
    return ((y >= box[1]) & (y < box[3]))[:, None] & ((x >= box[0]) & (x < box[2]))[None, :]


def shrunk_box(box, factor):
    """The box with sides `factor` times as long, about its centre."""
    x, y, dx, dy = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2, (box[2] - box[0]) / 2 * factor, (box[3] - box[1]) / 2 * factor
    return (x - dx, y - dy, x + dx, y + dy)


def ellipse(image, box, region):
    """The ellipse that touches the four sides of the box, by pixel centres."""
    x = (np.arange(region[0], region[2]) + 0.5 - (box[0] + box[2]) / 2) / ((box[2] - box[0]) / 2)
    y = (np.arange(region[1], region[3]) + 0.5 - (box[1] + box[3]) / 2) / ((box[3] - box[1]) / 2)
    return (y**2)[:, None] + (x**2)[None, :] <= 1


def otsu(image, box, region):
    """Otsu's threshold of the greys in the box; the object is the side that prevails in the inner ellipse of half size."""
    grey = (image if image.ndim == 2 else image.mean(axis=2)).astype(np.uint8)
    inside = box_pixels(box, region)
    level, _ = cv2.threshold(np.ascontiguousarray(grey[inside]).reshape(-1, 1), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    bright = grey > level
    middle = ellipse(image, shrunk_box(box, 0.5), region)
    if middle.any() and bright[middle].mean() < bright[inside].mean():
        bright = ~bright
    return ndimage.binary_fill_holes(bright & inside)


def grabcut(image, box, region):
    """OpenCV's GrabCut of the region; regions longer than 128 px are shrunk for it.

    Outside the box is background for sure, the ellipse in the box probably object, a third of it in the middle for sure:
    started from the bare rectangle it ends empty on most grey images.
    """
    colour = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    zoom = min(1.0, GRABCUT_SIDE_PX / max(colour.shape[:2]))
    size = tuple(max(1, round(side * zoom)) for side in colour.shape[1::-1])
    small = cv2.resize(np.ascontiguousarray(colour), size, interpolation=cv2.INTER_AREA)
    labels = np.where(box_pixels(box, region), cv2.GC_PR_BGD, cv2.GC_BGD).astype(np.uint8)
    labels[ellipse(image, box, region)] = cv2.GC_PR_FGD
    labels[ellipse(image, shrunk_box(box, 1 / 3), region)] = cv2.GC_FGD
    labels = cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST)
    cv2.setRNGSeed(1)
    try:
        cv2.grabCut(small, labels, None, np.zeros((1, 65)), np.zeros((1, 65)), GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
    except cv2.error:  # too few pixels or colours for its mixtures
        return ellipse(image, box, region)
    answer = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    return cv2.resize(answer.astype(np.float32), image.shape[1::-1], interpolation=cv2.INTER_LINEAR) > 0.5


CLASSICAL = {"ellipse": ellipse, "otsu": otsu, "grabcut": grabcut}
