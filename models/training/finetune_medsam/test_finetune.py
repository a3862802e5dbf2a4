"""Tries the fine-tuning on a network so small that a CPU trains it in seconds.

    FINETUNE_DATA=folder-of-npz python3 -m unittest discover models/training/finetune_medsam
"""

import csv
import math
import os
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from evaluate import dice, patient_of, scores  # noqa: E402
from loss import dice_loss, box_loss  # noqa: E402
from model import NETWORKS, BoxModel, first_weights, read_weights  # noqa: E402
from protocol import Protocol, accumulation  # noqa: E402
from slices import Slices, find_slices, network_input, shifted_box  # noqa: E402

DATA = os.environ.get("FINETUNE_DATA")


class Numbers(unittest.TestCase):
    def test_protocol_is_the_papers(self):
        paper = Protocol()
        self.assertEqual((paper.learning_rate, paper.weight_decay, paper.batch, paper.epochs), (1e-4, 0.01, 160, 150))
        self.assertEqual((paper.shift_at(1024), paper.shift_at(512)), (20, 10))
        self.assertEqual((accumulation(160, 20, 8), accumulation(160, 1, 2)), (1, 80))
        with self.assertRaises(SystemExit):
            accumulation(160, 3, 2)

    def test_loss_on_cases_worked_out_by_hand(self):
        half = torch.zeros(1, 1, 4, 4)
        half[..., :2] = 1
        undecided = torch.zeros(1, 1, 4, 4)
        # p = 1/2: 2 · (8/2) / (16/4 + 8) = 2/3.
        self.assertAlmostEqual(dice_loss(undecided, half).item(), 1 / 3, places=5)
        self.assertAlmostEqual(box_loss(undecided, half).item(), 1 / 3 + math.log(2), places=5)
        self.assertAlmostEqual(box_loss((half - 0.5) * 100, half).item(), 0, places=5)
        # Of each image by itself, then the mean: a small object counts as much as a large one.
        both = dice_loss(torch.cat([undecided, (half - 0.5) * 100]), torch.cat([half, half]))
        self.assertAlmostEqual(both.item(), 1 / 6, places=5)

    def test_boxes_move_outward_only_and_stay_in_the_image(self):
        mask = np.zeros((64, 64), bool)
        mask[10:21, 3:62] = True
        boxes = np.array([shifted_box(mask, 5, np.random.default_rng(n)) for n in range(300)])
        self.assertEqual(boxes.min(0).tolist(), [0, 5, 61, 20])
        self.assertEqual(boxes.max(0).tolist(), [3, 10, 64, 25])

    def test_input_spans_0_to_1_also_for_a_flat_slice(self):
        ramp = np.repeat(np.arange(64, dtype=np.uint8)[None, :, None], 64, 0).repeat(3, 2)
        values = network_input(ramp, 64)
        self.assertEqual((values.shape, values.min().item(), values.max().item()), ((3, 64, 64), 0, 1))
        self.assertEqual(network_input(np.full((20, 30, 3), 7, np.uint8), 64).abs().max().item(), 0)


class Networks(unittest.TestCase):
    def test_images_of_a_batch_do_not_meet(self):
        network = BoxModel(NETWORKS["small"])
        network.sam.load_state_dict(first_weights(NETWORKS["small"], 1))
        images, boxes = torch.rand(3, 3, 64, 64), torch.tensor([[4.0, 5, 30, 40], [0, 0, 63, 63], [20, 20, 25, 60]])
        with torch.no_grad():
            together = network(images, boxes)
            alone = torch.cat([network(images[n : n + 1], boxes[n : n + 1]) for n in range(3)])
        self.assertEqual(together.shape, (3, 1, 64, 64))
        self.assertLess((together - alone).abs().max().item(), 1e-4)


class Evaluation(unittest.TestCase):
    def test_a_patient_counts_once(self):
        self.assertEqual(patient_of("CT_Liver_p0012s03b"), "p0012")
        self.assertEqual(patient_of("CT_Abd_FLARE22_Tr_0001"), "CT_Abd_FLARE22_Tr_0001")
        self.assertEqual(dice(np.array([1, 1, 0, 0]), np.array([0, 1, 1, 0])), 0.5)


class Checkpoints(unittest.TestCase):
    def test_reads_plain_and_training_files_and_says_what_does_not_fit(self):
        state = first_weights(NETWORKS["small"], 0)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.pth"
            for saved in (state, {"model": {f"module.{name}": value for name, value in state.items()}, "epoch": 3}):
                torch.save(saved, path)
                read = read_weights(path, NETWORKS["small"])
                self.assertTrue(all(torch.equal(value, read[name]) for name, value in state.items()))
            torch.save({**state, "more": torch.zeros(1), "mask_decoder.iou_token.weight": torch.zeros(2, 2)}, path)
            with self.assertRaisesRegex(SystemExit, "more is not known; mask_decoder.iou_token.weight is .2, 2., not .1, 32."):
                read_weights(path, NETWORKS["small"])


@unittest.skipUnless(DATA, "FINETUNE_DATA names no training set")
class Training(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def train(self, out, *more, processes=1):
        """Runs the script, as torchrun does when there are several processes; returns the loss of each epoch."""
        command = [sys.executable, str(HERE / "train.py"), "--network", "small", "--workers", "0"]
        command += ["--data", DATA, "--out", str(self.folder / out), "--learning-rate", "0.003", *more]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        if processes > 1:
            with socket.create_server(("127.0.0.1", 0)) as free:
                port = free.getsockname()[1]
            environment.update(WORLD_SIZE=str(processes), MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
        started = [
            subprocess.Popen(command, stderr=subprocess.PIPE, env={**environment, "RANK": str(n), "LOCAL_RANK": str(n)})
            for n in range(processes)
        ]
        errors = [process.communicate()[1].decode() for process in started]
        if any(process.returncode for process in started):
            raise RuntimeError("\n".join(errors))
        with open(self.folder / out / "log.csv") as log:
            return [float(loss) for _epoch, loss, _seconds in csv.reader(log)]

    def weights(self, out):
        return torch.load(self.folder / out / "medsam_finetuned.pth")

    def test_learns_and_goes_on_where_it_was_interrupted(self):
        whole = self.train("whole", "--epochs", "12", "--batch", "4", "--at-once", "2")
        self.assertLess(whole[-1], 0.6 * whole[0])
        self.train("parts", "--epochs", "5", "--batch", "4", "--at-once", "2")
        parts = self.train("parts", "--epochs", "12", "--batch", "4", "--at-once", "2")
        self.assertEqual(parts, whole)
        for name, value in self.weights("whole").items():
            self.assertTrue(torch.equal(value, self.weights("parts")[name]), name)
        with self.assertRaisesRegex(RuntimeError, "other settings"):
            self.train("parts", "--epochs", "12", "--batch", "2")

        # The prompt encoder stays as it was, the rest does not.
        first = first_weights(NETWORKS["small"], Protocol().seed)
        moved = {name.split(".")[0] for name, value in self.weights("whole").items() if not torch.equal(value, first[name])}
        self.assertEqual(moved, {"image_encoder", "mask_decoder"})

        # What it has learnt is of use on its slices, in the slice's own pixels.
        slices = find_slices(Path(DATA), self.folder / "unpacked")
        model = BoxModel(NETWORKS["small"])
        model.sam.load_state_dict(first)
        before = scores(model, slices, 20, 0)
        model.sam.load_state_dict(self.weights("whole"))
        after = scores(model, slices, 20, 0)
        self.assertEqual(list(after), ["p0001"])
        self.assertGreater(after["p0001"], 0.7)
        self.assertGreater(after["p0001"], before["p0001"] + 0.1)

        # Both files hold the same weights, under the published names.
        training = torch.load(self.folder / "whole" / "last.pth")
        self.assertEqual((sorted(training), training["epoch"]), (["epoch", "model", "optimizer"], 11))
        self.assertTrue(all(torch.equal(value, training["model"][name]) for name, value in self.weights("whole").items()))

    def test_reads_pictures(self):
        data = self.folder / "pictures"
        data.mkdir()
        picture = np.zeros((20, 30, 3), np.uint8)
        picture[5:15, 8:20] = [200, 100, 50]
        np.savez_compressed(data / "US_Breast_p0001s01.npz", imgs=picture, gts=(picture[..., 0] > 0).astype(np.uint8))
        slices = find_slices(data, self.folder / "unpacked")
        image, box, mask = Slices(slices, 64, 0, 0)[0]
        self.assertEqual((len(slices), image.shape, mask.shape), (1, (3, 64, 64), (1, 64, 64)))
        self.assertEqual(box.tolist(), [17, 16, 42, 47])
        np.savez_compressed(data / "US_Breast_p0002s01.npz", imgs=picture, gts=np.ones((20, 31), np.uint8))
        with self.assertRaisesRegex(SystemExit, "do not fit"):
            find_slices(data, self.folder / "unpacked")

    def test_batch_is_the_same_however_it_is_come_by(self):
        at_once = self.train("at once", "--epochs", "2", "--batch", "4", "--at-once", "4")
        one_by_one = self.train("one by one", "--epochs", "2", "--batch", "4", "--at-once", "1", "--save-memory")
        spread = self.train("spread", "--epochs", "2", "--batch", "4", "--at-once", "2", processes=2)
        np.testing.assert_allclose(one_by_one, at_once, rtol=1e-3)
        np.testing.assert_allclose(spread, at_once, rtol=1e-3)

    def test_reads_medsams_npy_folders_like_the_npz_that_they_came_from(self):
        slices = find_slices(Path(DATA), self.folder / "unpacked")
        from_npz = Slices(slices, 64, 1, 0)
        for part in ("imgs", "gts"):
            (self.folder / "npy" / part).mkdir(parents=True)
        for n, one in enumerate(slices):
            image, _box, _mask = from_npz[n]
            labels = np.load(one.labels) if one.index < 0 else np.load(one.labels)[one.index]
            name = f"CT_Phantom_{one.case}-{n:03d}.npy"
            np.save(self.folder / "npy" / "imgs" / name, image.numpy().transpose(1, 2, 0).astype(np.float64))
            np.save(self.folder / "npy" / "gts" / name, labels)
        from_npy = Slices(find_slices(self.folder / "npy", self.folder / "unpacked"), 64, 1, 0)
        self.assertEqual(len(from_npy), len(from_npz))
        order = {path: n for n, path in enumerate(sorted(one.images for one in from_npy.slices))}
        for n, one in enumerate(from_npy.slices):
            self.assertEqual(order[one.images], n)
            image, _box, mask = from_npy[n]
            self.assertLess((image - from_npz[int(one.images.stem[-3:])][0]).abs().max(), 1e-5)
            self.assertGreater(mask.sum(), 0)


if __name__ == "__main__":
    unittest.main()
