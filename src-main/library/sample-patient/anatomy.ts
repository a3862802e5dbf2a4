import { colon, mesentery, smallBowel, type Loop } from './bowel.ts';
import { noiseField } from './noise-field.ts';
import {
  adrenals, aorta, crura, duodenum, gallbladder, heart, ilia, inferiorVenaCava, kidneyLeft, kidneyRight, liver,
  pancreas, paraspinal, psoas, sinusLeft, sinusRight, spleen, stomach, vessels,
} from './organs.ts'; // prettier-ignore
import type { Shape } from './shapes.ts';
import { canal, discDistance, posteriorElements, spine } from './skeleton.ts';
import type { SliceCanvas, Tissue } from './slice-canvas.ts';
import { cavity, lungs, muscles, ribs, skin } from './trunk.ts';

const broad = noiseField(3);
const fine = noiseField(5);

const bone =
  (cortex: number, marrow: number, thicknessMm: number): Tissue =>
  (x, y, z, depth) =>
    depth > -thicknessMm ? cortex : marrow + 45 * fine(x / 3, y / 3, z / 4);

const fatHu = -104;

const muscle = (x: number, y: number, z: number) => {
  const marbling = fine(x / 4.5, y / 7, z / 12);
  return 58 + 5 * marbling - (marbling > 0.72 ? 45 * (marbling - 0.72) * 3 : 0);
};

/** The flat muscles of the flank lie in layers with fat between them. */
const wallMuscle: Tissue = (x, y, z, depth) => {
  const flank = Math.abs(x) > 60 && z < 30 ? 1 : 0;
  const layer = Math.max(0, 1 - Math.abs(depth + 4.2) / 0.9, 1 - Math.abs(depth + 8.2) / 0.9);
  const midline = Math.abs(x) < 5 && y < -60 ? 0.5 : 0;
  return muscle(x, y, z) - 110 * Math.max(flank * 0.7 * layer, midline);
};

const lung: Tissue = (x, y, z) => {
  const vessel = Math.max(0, fine(x / 6, y / 6, z / 9) - 0.45);
  return -870 + 30 * broad(x / 20, y / 20, z / 20) + (y > 30 ? 1.1 * (y - 30) : 0) + 1100 * vessel;
};

/** Cortex over pyramids: in the portal venous phase nearly alike. */
const kidney: Tissue = (x, y, z, depth) =>
  depth > -7 ? 178 : 160 + 12 * Math.sign(broad(x / 7, y / 7, z / 7) + 0.1);

const loopTissue =
  (loop: Loop): Tissue =>
  (x, y, z, depth) => {
    if (depth > -2.4) return loop.wallHu;
    if (y < loop.gasY) return -960;
    if (!loop.mottled) return loop.contentHu + 6 * broad(x / 6, y / 6, z / 6);
    const stool = fine(x / 3.2, y / 3.2, z / 4);
    return stool > 0.3 ? -420 : 30 + 45 * stool;
  };

const calcified: Tissue = (x, y, z, depth) => {
  const plaque = depth > -1.8 && z < 10 ? broad(x / 6, y / 6, z / 10) : 0;
  return plaque > 0.6 ? 520 : 172;
};

const organs: [Shape, Tissue][] = [
  ...mesentery.map((shape): [Shape, Tissue] => [shape, 95]),
  ...psoas.map((shape): [Shape, Tissue] => [shape, muscle]),
  ...crura.map((shape): [Shape, Tissue] => [shape, 60]),
  ...adrenals.map((shape): [Shape, Tissue] => [shape, 72]),
  [duodenum, (_x, _y, _z, depth) => (depth > -2.6 ? 84 : 28)],
  [pancreas, (x, y, z) => 96 + 14 * fine(x / 4, y / 4, z / 5)],
  ...smallBowel.map((loop): [Shape, Tissue] => [loop.shape, loopTissue(loop)]),
  ...colon.map((loop): [Shape, Tissue] => [loop.shape, loopTissue(loop)]),
  [
    stomach,
    (x, y, z, depth) => (depth > -3.6 ? 74 : y < -48 ? -970 : 24 + 16 * fine(x / 8, y / 8, z / 8)),
  ],
  [kidneyRight, kidney],
  [kidneyLeft, kidney],
  ...[sinusRight, sinusLeft].map((shape): [Shape, Tissue] => [
    shape,
    (x, y, z) => (fine(x / 6, y / 6, z / 7) > 0.25 ? 96 : -70),
  ]),
  [spleen, 122],
  [liver, 108],
  [gallbladder, (_x, _y, _z, depth) => (depth > -1.6 ? 62 : 9)],
  [inferiorVenaCava, 148],
  ...vessels.map((shape): [Shape, Tissue] => [shape, 162]),
  [aorta, calcified],
];

/** Paints all of the healthy anatomy that the slice meets. */
export function paintAnatomy(canvas: SliceCanvas): void {
  const { paint } = canvas;
  paint(skin, (_x, _y, _z, depth) => (depth > -1.8 ? 12 : fatHu));
  paint(muscles, wallMuscle);
  paint(cavity, fatHu);
  for (const shape of paraspinal) paint(shape, muscle);
  paint(ribs, bone(560, 210, 2));
  paint(lungs, lung);
  paint(heart, 142);
  for (const shape of ilia) paint(shape, bone(620, 230, 2.2));
  paint(spine, (x, y, z, depth) => {
    if (discDistance(z) < 0) return 86 + (depth > -4 ? 14 : 0);
    return depth > -2 || discDistance(z) < 2 ? 430 : 165 + 35 * fine(x / 3.4, y / 3.4, z / 5);
  });
  paint(posteriorElements, bone(640, 260, 1.8));
  paint(
    canal,
    (x, y, z) => (Math.hypot(x, y - 62) < 5.5 ? 38 : 18) + 3 * broad(x / 5, y / 5, z / 9),
  );
  for (const [shape, tissue] of organs) paint(shape, tissue);
}
