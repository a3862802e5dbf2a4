"""DSC of checkpoints on slices that were kept aside, to see whether fine-tuning has helped.

    python3 models/training/finetune_medsam/evaluate.py --data HELD_OUT --checkpoint medsam_vit_b.pth --checkpoint run/medsam_finetuned.pth

Every label of every slice once, the same shifted box for each checkpoint. Slices of one patient (pNNNN in the names that
the workstation gives) are averaged first: a patient counts once, however many slices.
"""

import argparse
import re
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from model import NETWORKS, BoxModel, read_weights
from protocol import Protocol
from slices import find_slices, network_input, pixels, shifted_box


def dice(a, b):
    return 2 * np.logical_and(a, b).sum() / (a.sum() + b.sum())


def patient_of(case):
    """The patient's part of a name of the workstation; else the whole name is taken for a patient."""
    found = re.search(r"_(p\d{4,})s\d{2,}", case)
    return found.group(1) if found else case


@torch.no_grad()
def mask_of(model, image, box):
    """As MedSAM's script: sigmoid, bilinear to the slice, above 0.5. `box` in pixels of the slice."""
    height, width = image.shape[:2]
    scale = model.image_px / np.array([width, height, width, height])
    tensor = torch.from_numpy((box * scale).astype(np.float32))[None]
    sam, device = model.sam, next(model.parameters()).device
    embedding = sam.image_encoder(network_input(image, model.image_px)[None].to(device))
    logits, _iou = sam.decode(embedding, tensor.to(device))
    probability = F.interpolate(logits.sigmoid(), size=(height, width), mode="bilinear", align_corners=False)
    return (probability[0, 0] > 0.5).cpu().numpy()


def scores(model, slices, shift, seed):
    """DSC of each patient: the mean over its labels and slices."""
    found = defaultdict(list)
    for n, one in enumerate(slices):
        image, labels = pixels(one)
        most = round(shift * max(labels.shape) / 1024)
        for label in np.unique(labels[labels > 0]):
            random = np.random.default_rng([seed, n, int(label)])
            box = shifted_box(labels == label, most, random)
            found[patient_of(one.case)].append(dice(mask_of(model, image, box), labels == label))
    return {patient: float(np.mean(values)) for patient, values in sorted(found.items())}


def main():
    paper = Protocol()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True, action="append")
    parser.add_argument("--network", choices=NETWORKS, default="sam-vit-b")
    parser.add_argument("--box-shift", type=int, default=paper.box_shift_px, help="0 to this outward on each side, in pixels of 1024")
    options = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    with tempfile.TemporaryDirectory() as folder:
        slices = find_slices(options.data, Path(folder))
        for path in options.checkpoint:
            model = BoxModel(NETWORKS[options.network])
            model.sam.load_state_dict(read_weights(path, NETWORKS[options.network]))
            model.to(device).eval()
            values = list(scores(model, slices, options.box_shift, paper.seed).values())
            low, middle, high = np.percentile(values, [25, 50, 75])
            print(f"{path}: DSC {middle:.3f} (IQR {low:.3f}–{high:.3f}), {len(values)} patients, {len(slices)} slices")


if __name__ == "__main__":
    main()
