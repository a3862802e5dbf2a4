import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { temporaryFolder } from '../../tests/support/test-library.ts';
import { decodeSeries } from './decode.ts';
import { planImage } from './plan-image.ts';
import type { PlannedSeries } from './types.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());
const fixture = join(import.meta.dirname, '../../tests/fixtures/phantoms/rgb.jpg');

/** The fixture with an EXIF block that says how the camera was held. */
function held(orientation: number): string {
  const jpeg = readFileSync(fixture);
  const exif = Buffer.alloc(36);
  exif.writeUInt16BE(0xffe1, 0);
  exif.writeUInt16BE(34, 2);
  exif.write('Exif\0\0MM', 4, 'latin1');
  exif.writeUInt16BE(42, 12);
  exif.writeUInt32BE(8, 14);
  exif.writeUInt16BE(1, 18);
  exif.writeUInt16BE(0x0112, 20);
  exif.writeUInt16BE(3, 22);
  exif.writeUInt32BE(1, 24);
  exif.writeUInt16BE(orientation, 28);
  const path = join(folder.path, `held-${orientation}.jpg`);
  writeFileSync(path, Buffer.concat([jpeg.subarray(0, 2), exif, jpeg.subarray(2)]));
  return path;
}

async function opened(path: string) {
  const [planned] = await planImage({ path, shownPath: path }, 'jpeg', { patientName: '' });
  const volume = await decodeSeries(planned as PlannedSeries);
  if (!volume.ok) throw new Error(JSON.stringify(volume.error));
  const { voxels, channels, geometry, issues } = volume.value;
  const [width, height] = geometry.sizeVx;
  const at = (x: number, y: number) => [...voxels.subarray((x + y * width) * channels, (x + y * width + 1) * channels)];
  return { width, height, at, issues: issues.map(({ code }) => code) };
}

test('a photograph taken with the camera on its side opens upright, and says so', async () => {
  const stored = await opened(fixture);
  const turned = await opened(held(6));
  expect([turned.width, turned.height]).toEqual([stored.height, stored.width]);
  expect(turned.issues).toContain('picture-turned');
  expect(stored.issues).not.toContain('picture-turned');
  // Orientation 6: the first row of the file is the right side of the picture.
  for (const [x, y] of [[0, 0], [3, 5], [stored.width - 1, 2]] as const) {
    expect(turned.at(stored.height - 1 - y, x)).toEqual(stored.at(x, y));
  }
});
