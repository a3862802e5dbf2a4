"""Golden cases of the crop recipe: what crop.py answers for slices and logits that any language can make by formula."""

import json

import numpy as np

from crop import RECIPE, crop_to_input, logits_to_mask

SAMPLE_EVERY = 211

CASES = [
    ("inside, enlarged", 64, 48, 1, [20.25, 14.5, 41.0, 30.75]),
    ("inside, shrunk", 420, 310, 1, [60.0, 40.5, 330.25, 250.0]),
    ("over the border", 90, 70, 1, [-12.5, 41.25, 33.0, 82.0]),
    ("red, green, blue", 130, 150, 3, [30.0, 22.0, 101.5, 140.25]),
    ("tiny box at a corner", 40, 40, 1, [37.5, 0.0, 39.0, 2.25]),
    ("larger than the slice, colour", 50, 80, 3, [-20.0, -35.0, 75.0, 120.0]),
    ("thin box", 200, 60, 1, [20.0, 29.0, 180.0, 33.0]),
    ("no contrast", 0, 0, 1, [4.0, 4.0, 20.0, 20.0]),
    ("beside the slice", 30, 30, 1, [200.0, 200.0, 220.0, 210.0]),
]


def slice_by_formula(width, height, channels):
    """Integers 0..250 from x, y and the channel; a slice without contrast (32 x 32) where the size is 0."""
    if width == 0:
        return np.full((32, 32), 77.0)
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    image = ((3 * x * x + 5 * y * y + 7 * x * y + 31 * c) // 16 % 251).astype(np.float64)
    return image[..., 0] if channels == 1 else image


def logits_by_formula(size=RECIPE.output_size_px):
    row, column = np.meshgrid(np.arange(size), np.arange(size), indexing="ij")
    return (5 - ((row / size - 0.47) / 0.14) ** 2 - ((column / size - 0.52) / 0.11) ** 2 + np.sin(0.9 * row) * np.cos(0.7 * column)).astype(np.float32)


def run_lengths(mask):
    """Lengths of alternating runs of 0 and 1, row by row, beginning with 0."""
    flat = mask.ravel().astype(int)
    changes = np.flatnonzero(np.diff(np.concatenate([[0], flat]))).tolist()
    return np.diff([0, *changes, flat.size]).tolist()


def golden_cases():
    cases = []
    for name, width, height, channels, box in CASES:
        image = slice_by_formula(width, height, channels)
        inputs, rect = crop_to_input(image, box)
        mask, origin, mean = logits_to_mask(logits_by_formula(), rect, *image.shape[:2])
        cases.append(
            {
                "name": name,
                "widthPx": image.shape[1],
                "heightPx": image.shape[0],
                "channels": channels,
                "constant": width == 0,
                "boxPx": box,
                "cropRectPx": list(rect),
                "channelMeans": [round(float(v), 7) for v in inputs.astype(np.float64).mean((1, 2))],
                "sampledInput": [round(float(v), 6) for v in inputs.ravel()[::SAMPLE_EVERY]],
                "mask": {"originPx": list(origin), "sizePx": [mask.shape[1], mask.shape[0]], "runLengths": run_lengths(mask), "meanForegroundProbability": round(mean, 7)},
            }
        )
    return cases


def write_golden(path):
    lines = ",\n".join(json.dumps(case) for case in golden_cases())
    path.write_text(f'{{"sampleEvery": {SAMPLE_EVERY}, "cases": [\n{lines}\n]}}\n')
