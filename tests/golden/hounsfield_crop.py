"""Reference numbers for crops under nnU-Net's normalisation of CT, by NumPy and Pillow.

nnU-Net v2, CTNormalization: clip to the percentiles of its plans, subtract their mean, divide by their deviation. The
crop is resampled by Pillow's BILINEAR (a triangle filter, widened where it shrinks) from the clipped slice.

Run with the system's Python (NumPy, Pillow 9) to write hounsfield-crop.json beside this file:
    python3 tests/golden/hounsfield_crop.py
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 120, 90
# As in nnU-Net's plans for an abdominal CT.
LOW, HIGH, MEAN, STD = -325.0, 325.0, 54.25, 78.5
SAMPLE_EVERY = 29


def slice_by_formula():
    y, x = np.meshgrid(np.arange(HEIGHT), np.arange(WIDTH), indexing="ij")
    return ((3 * x * x + 5 * y * y + 7 * x * y) % 2500 - 1024).astype(np.int16)


clipped = np.clip(slice_by_formula().astype(np.float32), LOW, HIGH)
cases = []
# Edges of the crop (px) inside the slice, and the network's side: shrunk, enlarged, pixel by pixel.
for rect, side in [((10, 5, 90, 85), 32), ((30, 20, 54, 44), 64), ((20, 10, 84, 74), 64)]:
    crop = Image.fromarray(clipped, mode="F").resize((side, side), Image.BILINEAR, box=rect)
    scaled = (np.asarray(crop, dtype=np.float64) - MEAN) / STD
    cases.append(
        {
            "rectPx": rect,
            "sizePx": side,
            "values": [round(float(v), 7) for v in scaled.ravel()[::SAMPLE_EVERY]],
        }
    )

result = {
    "slice": {"widthPx": WIDTH, "heightPx": HEIGHT},
    "scaling": {"lowHu": LOW, "highHu": HIGH, "meanHu": MEAN, "stdHu": STD},
    "sampleEvery": SAMPLE_EVERY,
    "cases": cases,
}
Path(__file__).with_name("hounsfield-crop.json").write_text(json.dumps(result) + "\n")
