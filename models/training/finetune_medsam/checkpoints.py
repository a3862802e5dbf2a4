"""What a run leaves behind. Files appear whole or not at all, so that a run can be taken up after a power cut."""

import json
import os

import torch

TRAINING = "last.pth"
WEIGHTS = "medsam_finetuned.pth"


def write(path, content):
    part = path.with_name(f"{path.name}.part")
    torch.save(content, part)
    os.replace(part, path)


def save(folder, model, optimizer, epoch):
    """`last.pth` as MedSAM's script saves it, and the plain weights, which the workstation's Models page imports."""
    weights = {name: value.detach().cpu() for name, value in model.sam.state_dict().items()}
    write(folder / TRAINING, {"model": weights, "optimizer": optimizer.state_dict(), "epoch": epoch})
    write(folder / WEIGHTS, weights)


def take_up(folder, model, optimizer):
    """Loads `last.pth` where there is one; returns the number of epochs that are done."""
    path = folder / TRAINING
    if not path.exists():
        return 0
    # This run's own file; torch 1.13 cannot read an optimiser's numbers in its safe mode.
    saved = torch.load(path, map_location="cpu")
    model.sam.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    return saved["epoch"] + 1


def same_run(folder, facts):
    """A run is taken up only with the settings that it was begun with."""
    path = folder / "run.json"
    if path.exists():
        before = json.loads(path.read_text())
        changed = [name for name in facts if before.get(name) != facts[name]]
        if changed:
            raise SystemExit(f"{folder} holds a run with other settings ({', '.join(changed)}). Choose another --out.")
    else:
        path.write_text(json.dumps(facts, indent=2) + "\n")
