"""Reference numbers for resampling and MedSAM's pre-processing, by scikit-image, SciPy and Pillow.

Run with the system's Python (scikit-image 0.19, SciPy 1.10, Pillow 9) to write resample.json beside this file:
    python3 tests/golden/resample.py
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import transform

SAMPLE_EVERY = 37
SIZES = [(40, 30, 64, 64), (100, 70, 64, 64), (64, 64, 64, 64), (90, 20, 64, 64), (300, 200, 128, 128), (1, 5, 8, 8)]


def slice_by_formula(width, height):
    y, x = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    return ((3 * x * x + 5 * y * y + 7 * x * y) // 16 % 251).astype(np.uint8)


def sampled(values):
    return [round(float(v), 9) for v in np.asarray(values).ravel()[::SAMPLE_EVERY]]


def medsam_input(image, size):
    """MedSAM_Inference.py, lines from `transform.resize` to `astype`: [H, W] uint8 -> one channel of its input."""
    resized = transform.resize(
        np.repeat(image[:, :, None], 3, axis=-1), (size, size), order=3, preserve_range=True, anti_aliasing=True
    ).astype(np.uint8)
    scaled = (resized - resized.min()) / np.clip(resized.max() - resized.min(), a_min=1e-8, a_max=None)
    return scaled[..., 0]


cases = []
for width, height, to_width, to_height in SIZES:
    image = slice_by_formula(width, height)
    spline = transform.resize(
        image, (to_height, to_width), order=3, preserve_range=True, anti_aliasing=True
    )
    triangle = Image.fromarray(image.astype(np.float32), mode="F").resize((to_width, to_height), Image.BILINEAR)
    cases.append(
        {
            "fromPx": [width, height],
            "toPx": [to_width, to_height],
            "cubicSpline": sampled(spline),
            "triangle": sampled(triangle),
            "medsamInput": sampled(medsam_input(image, to_width)),
        }
    )
text = ",\n".join(json.dumps(case) for case in cases)
Path(__file__).with_suffix(".json").write_text(f'{{"sampleEvery": {SAMPLE_EVERY}, "cases": [\n{text}\n]}}\n')
