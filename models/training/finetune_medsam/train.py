"""Fine-tunes SAM or MedSAM ViT-B on boxes by the paper's protocol.

    python3 models/training/finetune_medsam/train.py --data EXPORT --start medsam_vit_b.pth --out RUN
    torchrun --nproc_per_node 4 models/training/finetune_medsam/train.py --data … --start … --out … --at-once 8

Run again with the same arguments to go on after an interruption.
"""

import argparse
import csv
import os
import time
from contextlib import nullcontext
from pathlib import Path

import torch
import torch.distributed as distributed
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler

import checkpoints
from loss import box_loss
from model import NETWORKS, BoxModel, first_weights, read_weights
from protocol import Protocol, accumulation
from slices import Slices, find_slices


def arguments():
    paper = Protocol()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, action="append", help="folder of npz files, or with imgs/ and gts/; several add up")
    parser.add_argument("--start", type=Path, help="checkpoint to start from; left out, random weights (only with --network small)")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--network", choices=NETWORKS, default="sam-vit-b")
    parser.add_argument("--epochs", type=int, default=paper.epochs)
    parser.add_argument("--batch", type=int, default=paper.batch, help="images per step over all devices")
    parser.add_argument("--at-once", type=int, default=1, help="images that one device holds; the rest of the batch is accumulated")
    parser.add_argument("--learning-rate", type=float, default=paper.learning_rate)
    parser.add_argument("--seed", type=int, default=paper.seed)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--mixed-precision", action="store_true", help="bfloat16 (not in the paper)")
    parser.add_argument("--save-memory", action="store_true", help="compute the encoder's activations twice instead of keeping them")
    return parser.parse_args()


def devices():
    """This process's device, its number and how many there are; one without torchrun."""
    count = int(os.environ.get("WORLD_SIZE", 1))
    number = int(os.environ.get("LOCAL_RANK", 0))
    cuda = torch.cuda.is_available()
    if count > 1:
        distributed.init_process_group("nccl" if cuda else "gloo")
    if cuda:
        torch.cuda.set_device(number)
    return torch.device("cuda", number) if cuda else torch.device("cpu"), int(os.environ.get("RANK", 0)), count


def run_epoch(model, loader, optimizer, device, steps_at_once, mixed):
    """One pass; returns the sum of the losses and the number of images. The last batch may be smaller."""
    total, images = torch.zeros((), device=device), 0
    wrapped = isinstance(model, DistributedDataParallel)
    parts = len(loader)
    model.train()
    optimizer.zero_grad(set_to_none=True)
    for n, (image, box, target) in enumerate(loader):
        done = (n + 1) % steps_at_once == 0 or n + 1 == parts
        group = min(steps_at_once, parts - n // steps_at_once * steps_at_once)
        with model.no_sync() if wrapped and not done else nullcontext():
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=mixed):
                logits = model(image.to(device), box.to(device))
            loss = box_loss(logits.float(), target.to(device))
            (loss / group).backward()
        total += loss.detach() * len(image)
        images += len(image)
        if done:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
    return total, images


def main():
    options = arguments()
    device, number, count = devices()
    first = number == 0
    network = NETWORKS[options.network]
    if options.start is None and options.network != "small":
        raise SystemExit("--start is needed: a SAM or MedSAM ViT-B checkpoint (sam_vit_b_01ec64.pth, medsam_vit_b.pth).")
    steps_at_once = accumulation(options.batch, count, options.at_once)
    paper = Protocol(learning_rate=options.learning_rate, batch=options.batch, epochs=options.epochs, seed=options.seed)

    if first:
        options.out.mkdir(parents=True, exist_ok=True)
        facts = {
            "data": [str(folder.resolve()) for folder in options.data],
            "start": str(options.start.resolve()) if options.start else None,
            "network": options.network,
            "batch": paper.batch,
            "learning_rate": paper.learning_rate,
            "weight_decay": paper.weight_decay,
            "box_shift_px": paper.box_shift_px,
            "seed": paper.seed,
        }
        checkpoints.same_run(options.out, facts)
        slices = [one for folder in options.data for one in find_slices(folder, options.out / "unpacked")]
    if count > 1:
        distributed.barrier()
    if not first:
        slices = [one for folder in options.data for one in find_slices(folder, options.out / "unpacked")]

    size = network.encoder.image_px
    data = Slices(slices, size, paper.shift_at(size), paper.seed)
    model = BoxModel(network, options.save_memory)
    start = read_weights(options.start, network) if options.start else first_weights(network, paper.seed)
    model.sam.load_state_dict(start)
    model.to(device)
    optimizer = torch.optim.AdamW(model.trained(), lr=paper.learning_rate, weight_decay=paper.weight_decay)
    done = checkpoints.take_up(options.out, model, optimizer)
    # The IoU head and the filters of the other mask tokens take no part.
    wrapped = DistributedDataParallel(model, find_unused_parameters=True) if count > 1 else model
    if first:
        print(f"{len(slices)} slices, {count} device(s), {steps_at_once} × {options.at_once} images each a step", flush=True)

    for epoch in range(done, paper.epochs):
        began = time.time()
        data.epoch = epoch
        sampler = DistributedSampler(data, count, number, shuffle=True, seed=paper.seed)
        sampler.set_epoch(epoch)
        loader = DataLoader(data, options.at_once, sampler=sampler, num_workers=options.workers, pin_memory=device.type == "cuda")
        total, images = run_epoch(wrapped, loader, optimizer, device, steps_at_once, options.mixed_precision)
        sums = torch.tensor([total.item(), images], dtype=torch.float64, device=device)
        if count > 1:
            distributed.all_reduce(sums)
        if first:
            loss = (sums[0] / sums[1]).item()
            checkpoints.save(options.out, model, optimizer, epoch)
            with open(options.out / "log.csv", "a", newline="") as log:
                csv.writer(log).writerow([epoch, f"{loss:.6f}", round(time.time() - began, 1)])
            print(f"epoch {epoch + 1} of {paper.epochs}: loss {loss:.4f}", flush=True)
    if first:
        print(f"The model: {options.out / checkpoints.WEIGHTS}")
    if count > 1:
        distributed.destroy_process_group()


if __name__ == "__main__":
    main()
