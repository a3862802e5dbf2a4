"""What the training and its figures rest on: python3 -m unittest test_training (in this folder)."""

import contextlib
import csv
import io
import tempfile
import unittest
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image
from scipy import ndimage

from answer import negatives
from augment import draw_box, exchange, sample
from crop import LOOK, RECIPE, coverage, crop_to_input
from data import Item, load, objects_of, split, tight_box
from export import write_onnx
from network import BoxUNet, Shipped
from nuclei import nuclei_of
from scoring import CLASSICAL, Case, box_pixels, dice, enlarged_box, paper_box, surface_dice
from synthetic_pet import pet_slice
from synthetic_shapes import shape_slice
from train import FORMULAS, NUCLEUS, Batches, Stage, loss_of, watch_dice
from warm_start import load_initial


def disc_item(size=160, radius=30, centre=(80, 70), case="1", source="discs"):
    y, x = np.meshgrid(np.arange(size) + 0.5, np.arange(size) + 0.5, indexing="ij")
    mask = np.hypot(x - centre[0], y - centre[1]) < radius
    image = np.where(mask, 180, 60).astype(np.uint8) + ((x * 7 + y * 13) % 9).astype(np.uint8)
    ys, xs = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    bits = mask[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
    return Item(source, case, "", "", "", image, (int(xs[0]), int(ys[0])), bits, mask)


def write_data(folder):
    """Twelve patients of an open source with two slices each, three of a non-commercial one, none in images/."""
    for group in ("images", "collections"):
        (folder / group).mkdir()
        rows = []
        for source, patients in (("open-ct", 12), ("nc-ct", 3)) if group == "collections" else ():
            (folder / group / source).mkdir()
            for patient in range(patients):
                for number in range(2):
                    item, name = disc_item(64, 10 + patient % 5, (32, 30)), f"{source}/{patient}-{number}"
                    Image.fromarray(item.image).save(folder / group / f"{name}.png")
                    Image.fromarray(item.mask.astype(np.uint8)).save(folder / group / f"{name}-mask.png")
                    rows.append({"file": f"{name}.png", "mask": f"{name}-mask.png", "modality": "CT", "licence": "", "case_id": f"p{patient}"})
        with open(folder / group / "manifest.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, ["file", "mask", "modality", "licence", "case_id"])
            writer.writeheader()
            writer.writerows(rows)


class Data(unittest.TestCase):
    def test_keeps_each_patient_on_one_side_and_closed_licences_out(self):
        with tempfile.TemporaryDirectory() as folder:
            write_data(Path(folder))
            parts = split(load(folder))
            closed = [item for _, items in load(folder, "nc") for item in items]
        cases = {name: {item.case for item in items} for name, items in parts.items()}
        self.assertEqual({name: len(of_part) for name, of_part in cases.items()}, {"training": 9, "validation": 1, "test": 2})
        self.assertEqual(len(set.union(*cases.values())), 12)
        self.assertEqual({item.source for items in parts.values() for item in items}, {"open-ct"})
        self.assertEqual({item.source for item in closed}, {"nc-ct"})
        whole = parts["training"][0]
        self.assertEqual(whole.mask.sum(), whole.bits.sum())


class NestedLabels(unittest.TestCase):
    def test_are_regions_that_unlabelled_seams_do_not_cut(self):
        """A bull's eye of three labels with seams of a pixel between them, as two glioma sources deliver them."""
        y, x = np.meshgrid(np.arange(90), np.arange(90), indexing="ij")
        distance = np.hypot(x - 44, y - 40)
        mask = np.select([distance < 8, distance < 9, distance < 16, distance < 17, distance < 30], [1, 0, 3, 0, 2], 0).astype(np.uint8)
        found = {
            source: objects_of({"file": f"{source}/a.png", "mask": "m", "case_id": "1", "licence": "", "modality": "MR"}, mask * 0, mask, mask > 0)
            for source in ("fets2021-glioma-mr", "some-other-mr")
        }
        whole, core = found["fets2021-glioma-mr"]
        self.assertTrue(np.array_equal(whole.mask, distance < 30))
        self.assertTrue(np.array_equal(core.mask, distance < 16))
        self.assertEqual([item.bits.sum() for item in found["some-other-mr"]], [(mask == value).sum() for value in (1, 2, 3)])


class Formulas(unittest.TestCase):
    def test_draw_objects_that_differ_from_their_surroundings(self):
        for draw in FORMULAS.values():
            rng, spread = np.random.default_rng(2), []
            for _ in range(20):
                image, mask = draw(rng)
                self.assertEqual((image.dtype, image.shape[:2], mask.dtype), (np.uint8, mask.shape, bool))
                self.assertTrue(mask.any() and not mask.all())
                near = cv2.dilate(mask.astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool) & ~mask
                spread.append(np.abs(image[mask].mean(0) - image[near].mean(0)).max())
            self.assertGreater(np.median(spread), 15)

    def test_draw_tumours_on_pet_that_are_larger_than_their_hot_part(self):
        rng, hot = np.random.default_rng(5), []
        for _ in range(60):
            image, mask = pet_slice(rng)
            hot.append((image[mask] > 0.5 * np.percentile(image[mask], 98)).mean())
        self.assertGreater(np.mean(np.array(hot) > 0.95), 0.2)
        self.assertGreater(np.mean(np.array(hot) < 0.6), 0.2)

    def test_draw_shapes_in_one_piece_that_often_leave_the_middle_of_their_box_empty(self):
        rng, middles, shares = np.random.default_rng(6), [], []
        for _ in range(80):
            _, mask = shape_slice(rng)
            self.assertEqual(ndimage.label(mask, np.ones((3, 3)))[1], 1)
            x0, y0, x1, y1 = tight_box(mask)
            middles.append(mask[int((y0 + y1) / 2), int((x0 + x1) / 2)])
            shares.append(mask.sum() / ((x1 - x0) * (y1 - y0)))
        self.assertTrue(0.2 < np.mean(middles) < 0.8)
        self.assertLess(np.median(shares), 0.55)


def smear_cell():
    """(Item, masks of its lobes): a pale cell with two violet lobes among darker things outside."""
    y, x = np.meshgrid(np.arange(160) + 0.5, np.arange(160) + 0.5, indexing="ij")
    disc = lambda cx, cy, radius: np.hypot(x - cx, y - cy) < radius
    cell, lobes, outside = disc(80, 76, 50), [disc(62, 76, 15), disc(104, 80, 17)], disc(80, 150, 20)
    image = np.full((160, 160, 3), 235, np.uint8)
    for mask, colour in ((cell, (200, 170, 210)), (outside, (60, 20, 60)), *((lobe, (110, 60, 150)) for lobe in lobes)):
        image[mask] = colour
    image += np.random.default_rng(0).integers(0, 12, image.shape, np.uint8)
    x0, y0, x1, y1 = (int(v) for v in tight_box(cell))
    return Item("krd-wbc-smear", "1", "", "", "a", image, (x0, y0), cell[y0:y1, x0:x1], cell), lobes


class Nuclei(unittest.TestCase):
    def test_are_the_dark_lobes_of_the_cell_that_was_outlined_and_of_no_other(self):
        """The lobes, each apart, to a pixel."""
        outlined, lobes = smear_cell()
        found = nuclei_of([outlined, disc_item()])
        self.assertEqual(len(found), 2)
        for nucleus, lobe in zip(sorted(found, key=lambda item: item.origin), lobes):
            self.assertGreater(dice(nucleus.mask, lobe), 0.96)

    def test_are_drawn_beside_their_whole_cell(self):
        outlined, _ = smear_cell()
        only_nuclei = Stage(("collections",), 1e-3, 0, 0, 0, 150, nucleus_share=1.0)
        areas = sorted(item.mask.sum() for item in Batches([outlined, disc_item()], only_nuclei, 3, 4).sources[NUCLEUS])
        self.assertEqual(len(areas), 3)
        self.assertEqual(areas[-1], outlined.mask.sum())

    def test_are_asked_for_in_words_where_the_smear_is_missing(self):
        with self.assertRaisesRegex(SystemExit, "krd-wbc-smear"):
            Batches([disc_item()], Stage(("collections",), 1e-3, 0, 0, 0, 150, nucleus_share=0.1), 3, 4)


class Exchange(unittest.TestCase):
    def test_changes_the_object_or_its_surroundings_and_leaves_a_contrast(self):
        item, rng = disc_item(), np.random.default_rng(4)
        others = [np.full((40, 50), 120, np.uint8), disc_item(90, 20, (40, 40)).image, rng.integers(0, 255, (70, 60, 3), np.uint8)]
        sides = set()
        for turn in range(30):
            image = exchange(item.image, item.mask, others[turn % 3], rng)
            self.assertEqual((image.shape, image.dtype), (item.image.shape, np.float32))
            self.assertTrue(((image >= 0) & (image <= 255)).all())
            self.assertGreater(abs(image[item.mask].mean() - image[~item.mask].mean()), 8)
            change = np.abs(image - item.image)
            sides.add(change[:5].mean() > 1)
        self.assertEqual(sides, {True, False})

    def test_gives_a_coloured_image_colours(self):
        item = disc_item()
        colour = np.repeat(item.image[..., None], 3, axis=2)
        self.assertEqual(exchange(colour, item.mask, item.image, np.random.default_rng(1)).shape, colour.shape)


class Boxes(unittest.TestCase):
    def test_of_the_paper_lie_0_to_20_px_outside_at_1024_and_in_the_slice(self):
        rng, item = np.random.default_rng(0), disc_item()
        reach = 20 / 1024 * 160
        for _ in range(200):
            box = paper_box(item, rng)
            out = [item.box[0] - box[0], item.box[1] - box[1], box[2] - item.box[2], box[3] - item.box[3]]
            self.assertTrue(all(0 <= side <= reach for side in out))
        self.assertEqual(enlarged_box(item, 1.0), item.box)
        x0, y0, x1, y1 = enlarged_box(item, 1.2)
        self.assertAlmostEqual((x1 - x0) / 60, 1.2)

    def test_of_training_reach_from_tight_to_a_third_too_large(self):
        rng = np.random.default_rng(0)
        drawn = np.array([draw_box((0, 0, 100, 100), (3, 3), rng) for _ in range(2000)])
        self.assertLess(drawn[:, 0].min(), -30)
        self.assertGreater(drawn[:, 0].max(), 3)
        self.assertGreaterEqual(drawn[:, 0].min(), -36)

    def test_on_nothing_touch_nothing_that_was_drawn(self):
        for case in negatives([disc_item()], 50, seed=1):
            x0, y0, x1, y1 = (int(v) for v in case.box)
            self.assertFalse(case.item.drawn[y0 : y1 + 1, x0 : x1 + 1].any())


class Samples(unittest.TestCase):
    def test_keep_image_and_target_together(self):
        """Whatever was turned, scaled and flipped: the bright disc of the input is the target."""
        rng, item, agreed = np.random.default_rng(3), disc_item(), []
        for _ in range(60):
            inputs, target = sample(item, rng)
            bright, inside = inputs[:3].mean(0), inputs[4] > 0.99
            found = (bright > (bright[inside].min() + bright[inside].max()) / 2) & inside
            truth = (target[0] > 0.5) & inside
            agreed.append(max(dice(found, truth), dice(~found & inside, truth)))
        self.assertGreater(np.median(agreed), 0.95)


class BoxAnswer(torch.nn.Module):
    """A network that answers the box itself."""

    def forward(self, x):
        return 20 * (x[:, 3:4] - 0.5), torch.zeros(len(x))


class Network(unittest.TestCase):
    def test_is_watched_on_the_look_that_it_learns(self):
        """The box round a disc overlaps with it by pi/4 of its area."""
        share = np.pi / 4
        self.assertAlmostEqual(watch_dice(BoxAnswer(), [disc_item()]), 2 * share / (1 + share), delta=0.01)

    def test_ships_an_answer_that_turns_with_the_image(self):
        torch.manual_seed(0)
        shipped = Shipped(BoxUNet(), temperature=1.3, scale=0.7, shift=0.2).eval()
        x = torch.rand(2, 5, RECIPE.size_px, RECIPE.size_px)
        with torch.no_grad():
            logits, dsc = shipped(x)
            turned, same = shipped(torch.flip(x, (2, 3)))
        self.assertLess(float((torch.flip(turned, (2, 3)) - logits).abs().max()), 1e-4)
        self.assertLess(float((same - dsc).abs().max()), 1e-5)

    def test_ships_two_looks_that_lie_on_one_another(self):
        """Both looks say where the box is on the recipe's output grid."""
        box = (21.0, 40.0, 82.0, 97.0)
        inputs, rect = crop_to_input(np.zeros((120, 130)), box)
        logits, _ = Shipped(BoxAnswer())(torch.from_numpy(inputs[None]))
        size = RECIPE.output_size_px
        expected = np.outer(coverage(box[1], box[3], rect[1], rect[3], size), coverage(box[0], box[2], rect[0], rect[2], size))
        found = logits[0, 0].numpy() / 20 + 0.5
        for axis in (0, 1):
            centre = lambda map: (map.sum(axis) * np.arange(size)).sum() / map.sum()
            self.assertAlmostEqual(centre(found), centre(expected), delta=0.02)
        self.assertAlmostEqual(found.sum() / expected.sum(), 1, delta=0.02)
        self.assertGreater(dice(found > 0.5, expected > 0.5), 0.97)

    def test_goes_on_from_the_file_that_was_shipped(self):
        """Another network's export gives its mask and its expected DSC exactly."""
        torch.manual_seed(1)
        trained, begun = BoxUNet(), BoxUNet()
        samples = [torch.rand(4, 5, LOOK.size_px, LOOK.size_px) for _ in range(2)]
        with torch.no_grad():
            for norm in (module for module in trained.modules() if isinstance(module, torch.nn.BatchNorm2d)):
                norm.weight.uniform_(0.5, 1.5)
                norm.bias.normal_(0, 0.2)
            trained.train()
            trained(samples[0])
            trained.eval()
            with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
                path = Path(folder, "network.onnx")
                write_onnx(Shipped(trained).eval(), path)
                load_initial(begun, path, samples)
            differences = [(ours - theirs).abs().max() for ours, theirs in zip(begun.eval()(samples[1]), trained(samples[1]))]
        self.assertLess(float(max(differences)), 1e-3)

    def test_begins_with_the_edge_of_its_coarse_answer(self):
        torch.manual_seed(2)
        network, x = BoxUNet().eval(), torch.rand(1, 5, LOOK.size_px, LOOK.size_px)
        coarse = []
        handle = network.head.register_forward_hook(lambda _, __, output: coarse.append(output))
        with torch.no_grad():
            logits, _ = network(x)
            handle.remove()
            torch.nn.init.ones_(network.fine.layers[-1].weight)
            finer, _ = network(x)
        grown = torch.nn.functional.interpolate(coarse[0], scale_factor=2, mode="bilinear", align_corners=False)
        self.assertEqual(logits.shape[2:], (LOOK.output_size_px, LOOK.output_size_px))
        self.assertTrue(torch.equal(logits, grown))
        self.assertGreater(float((finer - grown).abs().max()), 0)

    def test_learns_neither_mask_nor_dice_from_a_box_on_nothing_as_if_it_were_an_object(self):
        logits, dsc, empty = torch.full((1, 1, 4, 4), -9.0), torch.zeros(1), torch.zeros(1, 1, 4, 4)
        quiet, _ = loss_of(logits, dsc, empty, torch.tensor([False]))
        loud, asked = loss_of(-logits, dsc, empty, torch.tensor([False]))
        self.assertLess(float(quiet), 1e-3)
        self.assertAlmostEqual(float(loud), 0.2 * 9.0, delta=0.01)
        self.assertAlmostEqual(float(asked), np.log(2), places=5)


class Scores(unittest.TestCase):
    def test_of_the_same_mask_are_1_and_of_one_shifted_far_0(self):
        mask = np.zeros((60, 60), bool)
        mask[20:40, 20:40] = True
        self.assertEqual((dice(mask, mask), surface_dice(mask, mask)), (1.0, 1.0))
        # Two pixels to the side every outline pixel still has one of the other outline within two pixels.
        self.assertEqual(surface_dice(mask, np.roll(mask, 2, axis=1)), 1.0)
        self.assertLess(surface_dice(mask, np.roll(mask, 6, axis=1)), 0.5)
        self.assertEqual(surface_dice(mask, np.zeros_like(mask)), 0.0)

    def test_of_classical_methods_are_right_on_a_disc(self):
        item = disc_item()
        case = Case(item, item.box)
        x0, y0, x1, y1 = case.region
        for name, method in CLASSICAL.items():
            answer = method(item.image[y0:y1, x0:x1], case.box, case.region)
            self.assertGreater(dice(answer, item.mask[y0:y1, x0:x1]), 0.95, name)
        self.assertEqual(box_pixels(item.box, case.region).sum(), 60 * 60)


if __name__ == "__main__":
    unittest.main()
