"""Scores the classical methods on the objects of the evaluation and keeps the figures: RUN/baselines.json.

They do not depend on the weights, so they are computed once per choice of objects.
"""

import argparse
import json
from pathlib import Path

import cv2

from data import load, split
from scoring import CLASSICAL, cases_of, choose, cut, dice, surface_dice, truth


def sets_of(data, limit):
    """{"heldOut", "unseen"}: {source: [Case]}, the same in every script."""
    held_out = split(load(data))["test"]
    unseen = [item for _, items in load(data, "nc") for item in items]
    return {"heldOut": cases_of(choose(held_out, limit)), "unseen": cases_of(choose(unseen, limit))}


def score(case):
    region = case.region
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
    for part, sources in sets_of(options.data, options.objects).items():
        result[part] = {source: [score(case) for case in cases] for source, cases in sources.items()}
    (options.run / "baselines.json").write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
