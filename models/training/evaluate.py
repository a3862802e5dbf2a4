"""Scores a run on held-out patients and on data sets never trained on; writes scores-PART.json.

Every object gets the paper's box; the mask that comes back is compared at the slice's own pixels. Beside the network stand
the classical methods (baselines.py) and, if asked for, an earlier version. Also: other boxes, boxes on nothing, and whether the
expected DSC is right.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from scipy import stats

from answer import answer, load_network, load_shipped, negatives
from baselines import PARTS, sets_of
from network import Shipped
from scoring import CLASSICAL, Case, dice, ellipse, enlarged_box, surface_dice, truth

LOOSENESS = {"exact": 1.0, "sides x 1.2": 1.2, "sides x 1.4": 1.4}
OBJECTS_PER_LOOSENESS = 5
NEGATIVES = 100
BINS = (0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0)


def summary(values):
    """Mean, median and quartiles, rounded to what is printed."""
    first, middle, third = np.percentile(values, (25, 50, 75))
    named = {"mean": np.mean(values), "median": middle, "q1": first, "q3": third}
    return {name: round(float(value), 4) for name, value in named.items()}


def wilcoxon(scores, others):
    """Two-sided p of the signed-rank test over objects, 1 where nothing differs."""
    differences = np.asarray(scores) - np.asarray(others)
    return 1.0 if not differences.any() else float(stats.wilcoxon(differences).pvalue)


def reached(answers):
    return [dice(one.mask, truth(one.case.item, one.case.region)) for one in answers]


def score_sets(networks, sources, baselines):
    """Rows per data set: DSC of every method, NSD of the network, tests against the classical methods."""
    rows = []
    for source, cases in sources.items():
        row = {"source": source, "licence": cases[0].item.licence, "modality": cases[0].item.modality}
        row.update(cases=len({case.item.case for case in cases}), objects=len(cases))
        scores = {}
        for name, network in networks.items():
            answers = answer(network, cases)
            scores[name] = reached(answers)
            if name == "model":
                row["nsd"] = summary([surface_dice(one.mask, truth(one.case.item, one.case.region)) for one in answers])
                row["expected"] = [round(one.expected, 4) for one in answers]
                row["reached"] = [round(score, 4) for score in scores[name]]
        for name in CLASSICAL:
            scores[name] = [of_object[name][0] for of_object in baselines[source]]
        row["dsc"] = {name: summary(of_method) for name, of_method in scores.items()}
        row["p"] = {name: wilcoxon(scores["model"], scores[name]) for name in CLASSICAL}
        rows.append(row)
        print(source, {name: of_method["mean"] for name, of_method in row["dsc"].items()}, flush=True)
    return rows


def macro(rows):
    """Mean over data sets of their mean DSC, per method, and the signed-rank test over data sets."""
    means = {name: [row["dsc"][name]["mean"] for row in rows] for name in rows[0]["dsc"]}
    return {
        "sets": len(rows),
        "dsc": {name: round(float(np.mean(of_method)), 4) for name, of_method in means.items()},
        "medianDsc": round(float(np.mean([row["dsc"]["model"]["median"] for row in rows])), 4),
        "nsd": round(float(np.mean([row["nsd"]["mean"] for row in rows])), 4),
        "p": {name: wilcoxon(means["model"], means[name]) for name in CLASSICAL},
    }


def score_looseness(network, sources):
    """Macro mean DSC of the network and of the box's ellipse for boxes from exact to too large, on the first objects of every set."""
    result = {}
    for name, factor in LOOSENESS.items():
        by_set = []
        for cases in sources.values():
            boxed = [Case(case.item, enlarged_box(case.item, factor)) for case in cases[:OBJECTS_PER_LOOSENESS]]
            bare = [dice(ellipse(case.item.image, case.box, case.region), truth(case.item, case.region)) for case in boxed]
            by_set.append((np.mean(reached(answer(network, boxed))), np.mean(bare)))
        result[name] = dict(zip(("model", "ellipse"), np.mean(by_set, axis=0).round(4).tolist()))
    return result


def score_nothing(network, items, low_below):
    """Boxes on nothing that anybody drew: how many masks are empty, and how many are empty or called unsure."""
    answers = answer(network, negatives(items, NEGATIVES, seed=29))
    empty = np.array([not one.mask.any() for one in answers])
    unsure = np.array([one.expected < low_below for one in answers])
    return {"boxes": len(answers), "empty": round(float(empty.mean()), 4), "emptyOrUnsure": round(float((empty | unsure).mean()), 4)}


def score_confidence(rows, low_below):
    """Expected against reached DSC: every data set counts alike in the means; bins over all objects."""
    expected = np.concatenate([row["expected"] for row in rows])
    got = np.concatenate([row["reached"] for row in rows])
    bins = []
    for low, high in zip(BINS[:-1], BINS[1:]):
        inside = (expected >= low) & (expected < high)
        if inside.any():
            bins.append({"from": low, "to": high, "objects": int(inside.sum()), "expected": round(float(expected[inside].mean()), 3), "reached": round(float(got[inside].mean()), 3)})
    macro_error = np.mean([np.mean(row["expected"]) - np.mean(row["reached"]) for row in rows])
    unsure = expected < low_below
    return {
        "meanError": round(float(macro_error), 4),
        "meanAbsoluteError": round(float(np.abs(expected - got).mean()), 4),
        "rankCorrelation": round(float(stats.spearmanr(expected, got).correlation), 3),
        "unsure": round(float(unsure.mean()), 4),
        "dscOfUnsure": round(float(got[unsure].mean()), 4) if unsure.any() else None,
        "dscOfSure": round(float(got[~unsure].mean()), 4),
        "bins": bins,
    }


def thinned(of_source, limit):
    """At most `limit` of the list, evenly spread."""
    picked = np.unique(np.linspace(0, len(of_source) - 1, min(limit, len(of_source))).round().astype(int))
    return [of_source[index] for index in picked]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds images/ and collections/")
    parser.add_argument("--run", type=Path, required=True, help="with calibration.json and baselines.json")
    parser.add_argument("--part", choices=PARTS, required=True)
    parser.add_argument("--objects", type=int, default=40, help="at most so many per data set")
    parser.add_argument("--earlier", type=Path, help="checkpoint.pt of version 6, scored beside it")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    kept = json.loads((options.run / "baselines.json").read_text())
    low_below = json.loads((options.run / "calibration.json").read_text())["lowBelow"]
    networks = {"model": load_shipped(options.run)}
    if options.earlier:
        networks["earlier"] = Shipped(load_network(options.earlier.parent)).eval()
    sources, baselines = {}, {}
    for source, cases in sets_of(options.data, options.part, kept["objects"]).items():
        sources[source], baselines[source] = (thinned(of_source, options.objects) for of_source in (cases, kept[options.part][source]))
    rows = score_sets(networks, sources, baselines)
    result = {"objectsPerSet": options.objects, "rows": rows, "macro": macro(rows), "confidence": score_confidence(rows, low_below)}
    for row in rows:
        del row["expected"], row["reached"]
    result["nothing"] = score_nothing(networks["model"], [case.item for cases in sources.values() for case in cases], low_below)
    result["looseness"] = score_looseness(networks["model"], sources)
    print(json.dumps({name: value for name, value in result.items() if name != "rows"}), flush=True)
    (options.run / f"scores-{options.part}.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
