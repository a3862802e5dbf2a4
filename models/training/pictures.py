"""The model card's pictures: 40 held-out cases drawn by chance, and the worst of those that were scored.

Only open-licence sources are shown. Green: the reader's outline; orange: the network's; white: the box.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import torch

from answer import answer, load_shipped
from baselines import sets_of
from scoring import box_pixels, cut, dice, truth

COLUMNS, ROWS, TILE_PX, CAPTION_PX, SCALE = 8, 5, 150, 26, 3
FAILURES, FAILURES_PER_SET = 16, 3
GREEN, ORANGE, WHITE = (60, 220, 60), (0, 150, 255), (255, 255, 255)


def tile(one, score):
    """[TILE_PX + CAPTION_PX, TILE_PX, 3] uint8, blue first."""
    region = one.case.region
    image = cut(one.case.item.image, region)
    colour = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR if image.ndim == 2 else cv2.COLOR_RGB2BGR)
    low, high = np.percentile(colour, (0.5, 99.5))
    colour = (np.clip((colour - low) / max(1.0, high - low), 0, 1) * 255).astype(np.uint8)
    zoom = TILE_PX * SCALE / max(colour.shape[:2])
    large = cv2.resize(colour, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    for mask, line in ((box_pixels(one.case.box, region), WHITE), (truth(one.case.item, region), GREEN), (one.mask, ORANGE)):
        grown = cv2.resize(mask.astype(np.float32), large.shape[1::-1], interpolation=cv2.INTER_LINEAR) > 0.5
        outlines, _ = cv2.findContours(grown.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(large, outlines, -1, line, 2 if line == WHITE else 4, cv2.LINE_AA)
    small = cv2.resize(large, None, fx=1 / SCALE, fy=1 / SCALE, interpolation=cv2.INTER_AREA)
    framed = np.full((TILE_PX + CAPTION_PX, TILE_PX, 3), 24, np.uint8)
    y, x = (TILE_PX - small.shape[0]) // 2, (TILE_PX - small.shape[1]) // 2
    framed[y : y + small.shape[0], x : x + small.shape[1]] = small
    write = lambda text, row: cv2.putText(framed, text, (3, TILE_PX + row), cv2.FONT_HERSHEY_SIMPLEX, 0.34, (230, 230, 230), 1, cv2.LINE_AA)
    write(one.case.item.source[:22], 11)
    write(f"DSC {score:.2f}  expected {one.expected:.2f}", 23)
    return framed


def sheet(tiles):
    """Tiles in rows of eight, with thin gaps."""
    padded = [cv2.copyMakeBorder(picture, 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=(0, 0, 0)) for picture in tiles]
    padded += [np.zeros_like(padded[0])] * (-len(padded) % COLUMNS)
    return np.vstack([np.hstack(padded[start : start + COLUMNS]) for start in range(0, len(padded), COLUMNS)])


def worst(scored):
    """The lowest scores, at most three of a source."""
    taken, per_source = [], {}
    for one, score in sorted(scored, key=lambda pair: pair[1]):
        source = one.case.item.source
        if per_source.get(source, 0) < FAILURES_PER_SET and len(taken) < FAILURES:
            per_source[source] = per_source.get(source, 0) + 1
            taken.append((one, score))
    return taken


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    network = load_shipped(options.run)
    limit = json.loads((options.run / "baselines.json").read_text())["objects"]
    cases = [case for of_source in sets_of(options.data, "heldOut", limit).values() for case in of_source]
    scored = [(one, dice(one.mask, truth(one.case.item, one.case.region))) for one in answer(network, cases)]
    picked = np.random.default_rng(31).choice(len(scored), COLUMNS * ROWS, replace=False)
    quality = [cv2.IMWRITE_JPEG_QUALITY, 82]
    cv2.imwrite(str(options.run / "montage.jpg"), sheet([tile(*scored[index]) for index in picked]), quality)
    cv2.imwrite(str(options.run / "failures.jpg"), sheet([tile(*pair) for pair in worst(scored)]), quality)


if __name__ == "__main__":
    main()
