"""Scores the classical methods on the objects of the evaluation and keeps the figures: RUN/baselines.json.

They do not depend on the weights, so they are computed once per choice of objects.
"""

import argparse
import json
from pathlib import Path

import cv2

from crop import LOOK
from data import load, split
from scoring import CLASSICAL, cases_of, choose, cut, dice, region_of, surface_dice, truth


PARTS = ("heldOut", "unseen")


def sets_of(data, part, limit):
    """{source: [Case]} of the held-out patients or the unseen data sets, the same in every script."""
    groups = load(data, "open" if part == "heldOut" else "nc")
    items = split(groups)["test"] if part == "heldOut" else [item for _, of_group in groups for item in of_group]
    return cases_of(choose(items, limit))


def score(case):
    region = region_of(case.item, case.box, LOOK)
    image, mask = cut(case.item.image, region), truth(case.item, region)
    scores = {}
    for name, method in CLASSICAL.items():
        answer = method(image, case.box, region)
        scores[name] = [round(dice(answer, mask), 4), round(surface_dice(answer, mask), 4)]
    return scores


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--objects", type=int, default=40, help="at most so many per data set")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    options.run.mkdir(parents=True, exist_ok=True)
    result = {"objects": options.objects}
    for part in PARTS:
        result[part] = {source: [score(case) for case in cases] for source, cases in sets_of(options.data, part, options.objects).items()}
    (options.run / "baselines.json").write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
