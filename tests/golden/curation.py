"""Reference of the training set's curation, by scipy.ndimage, as MedSAM's pre_CT_MR.py does it with cc3d.dust:
objects (26-connected) below one threshold first, then pieces of slices (8-connected) below another.

Run with the system's Python (SciPy 1.10) to write curation.json beside this file:
    python3 tests/golden/curation.py
"""

import json
from pathlib import Path

import numpy as np
from scipy import ndimage

# (depth, height, width), share of voxels set before and sigma of the smoothing, least voxels, least pixels
CASES = [
    ((1, 9, 11), 0.5, 0.0, 4, 3),
    ((5, 8, 7), 0.3, 0.0, 6, 2),
    ((6, 12, 10), 0.25, 0.0, 9, 3),
    ((7, 16, 18), 0.5, 0.7, 40, 6),
    ((9, 20, 17), 0.5, 1.0, 60, 9),
    ((8, 24, 24), 0.45, 1.3, 120, 15),
    ((12, 30, 28), 0.45, 1.6, 300, 30),
    ((4, 6, 5), 0.0, 0.0, 5, 2),
    ((4, 6, 5), 1.0, 0.0, 5, 2),
]


def volume_of(shape, share, sigma, seed):
    noise = np.random.RandomState(seed).rand(*shape)
    if share in (0.0, 1.0):
        return np.full(shape, bool(share))
    if sigma > 0:
        noise = ndimage.gaussian_filter(noise, sigma)
    return noise < np.quantile(noise, share)


def dust(mask, threshold, structure):
    """Removes components with fewer than `threshold` members; returns what stays and the removed sizes."""
    labels, count = ndimage.label(mask, structure)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    small = [n + 1 for n, size in enumerate(sizes) if size < threshold]
    return mask & ~np.isin(labels, small), sorted(int(sizes[n - 1]) for n in small)


def curated(mask, least_voxels, least_pixels):
    kept, objects = dust(mask, least_voxels, np.ones((3, 3, 3)))
    pieces = []
    for z in range(len(kept)):
        kept[z], removed = dust(kept[z], least_pixels, np.ones((3, 3)))
        pieces += removed
    return kept, objects, sorted(pieces)


def bits(mask):
    return "".join("1" if v else "0" for v in mask.ravel())


def main():
    cases = []
    for seed, (shape, share, sigma, least_voxels, least_pixels) in enumerate(CASES):
        mask = volume_of(shape, share, sigma, seed)
        kept, objects, pieces = curated(mask.copy(), least_voxels, least_pixels)
        cases.append(
            {
                "sizeVx": list(reversed(shape)),
                "minimumVoxels": least_voxels,
                "minimumSlicePx": least_pixels,
                "voxels": bits(mask),
                "kept": bits(kept),
                "droppedObjects": objects,
                "droppedPieces": pieces,
            }
        )
    Path(__file__).with_suffix(".json").write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    main()
