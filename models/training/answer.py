"""What a network answers for cases: batches through torch, masks at the slice's pixels."""

import json
from dataclasses import dataclass

import numpy as np
import torch

from crop import crop_to_input, logits_to_mask
from network import FURTHER, BoxUNet, Shipped
from scoring import Case, region_of

BATCH = 8


@dataclass
class Answer:
    """`mask` on the case's region; `logits` [S', S'] over `rect`; `expected` DSC (None from networks that expect none)."""

    case: Case
    mask: np.ndarray
    rect: tuple
    logits: np.ndarray
    expected: float


def load_network(run):
    """The averaged weights of a run's checkpoint, ready to answer; an earlier version may lack some further blocks."""
    network = BoxUNet()
    found = network.load_state_dict(torch.load(run / "checkpoint.pt", map_location="cpu")["average"], strict=False)
    lacking = [name for name in found.missing_keys if not name.startswith(FURTHER)]
    if found.unexpected_keys or lacking:
        raise SystemExit(f"{run} holds another network: {found.unexpected_keys + lacking}")
    return network.eval()


def load_shipped(run):
    """The network as it is exported: near and far look, calibrated by RUN/calibration.json."""
    found = json.loads((run / "calibration.json").read_text())
    return Shipped(load_network(run), found["temperature"], found["scale"], found["shift"]).eval()


def expected_dsc(raw, scale, shift):
    """The calibrated figure for an uncalibrated one (both 0..1)."""
    return 1 / (1 + np.exp(-(scale * np.log(raw / (1 - raw)) + shift)))


def answer(network, cases):
    """[Answer] in the order of the cases."""
    answers = []
    for start in range(0, len(cases), BATCH):
        part = cases[start : start + BATCH]
        inputs, rects = zip(*[crop_to_input(case.item.image, case.box, network.recipe) for case in part])
        with torch.no_grad():
            logits, expected = network(torch.from_numpy(np.stack(inputs)).contiguous(memory_format=torch.channels_last))
        for case, rect, of_case, dsc in zip(part, rects, logits[:, 0].numpy(), expected.numpy()):
            answers.append(Answer(case, _on_region(of_case, rect, case, network.recipe), rect, of_case, float(dsc)))
    return answers


def _on_region(logits, rect, case, recipe):
    """The mask on the case's region; what the crop holds beyond it is cut off."""
    x0, y0, x1, y1 = region_of(case.item, case.box)
    part, (x, y), _ = logits_to_mask(logits, rect, *case.item.image.shape[:2], recipe)
    whole = np.zeros(case.item.image.shape[:2], bool)
    whole[y : y + part.shape[0], x : x + part.shape[1]] = part
    return whole[y0:y1, x0:x1]


def negatives(items, count, seed):
    """`count` cases whose box holds nothing that anybody drew: sides 16 px to 40 % of the slice, any place that is free."""
    rng = np.random.default_rng(seed)
    by_source = {}
    for item in items:
        if min(item.image.shape[:2]) >= 96:
            by_source.setdefault(item.source, []).append(item)
    cases = []
    while len(cases) < count:
        of_source = list(by_source.values())[rng.integers(len(by_source))]
        item = of_source[rng.integers(len(of_source))]
        height, width = item.drawn.shape
        w, h = np.exp(rng.uniform(np.log(16), np.log(0.4 * min(height, width)), 2))
        if not 0.4 <= w / h <= 2.5:
            continue
        x, y = rng.uniform(0, width - w), rng.uniform(0, height - h)
        if not item.drawn[int(y) : int(y + h) + 1, int(x) : int(x + w) + 1].any():
            cases.append(Case(item, (x, y, x + w, y + h)))
    return cases
