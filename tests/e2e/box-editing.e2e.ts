import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from '@playwright/test';
import { PNG } from 'pngjs';
import { expect, test } from './support/files.ts';
import { lesionBox } from './support/lesion-series.ts';
import { LibraryPage } from './support/library-page.ts';
import { openLesionSeries, ViewerPage } from './support/viewer-page.ts';

const planes = ['axial', 'coronal', 'sagittal'] as const;

/** The only box of a pane, as drawn, in pixels of the pane. */
async function drawn(box: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
  // A box that is just being stored is drawn twice, over itself, until its mask is here.
  return box.locator('.line').first().evaluate((line) => {
    const number = (name: string) => Number(line.getAttribute(name));
    return { x: number('x'), y: number('y'), width: number('width'), height: number('height') };
  });
}

test('boxes are drawn on all three planes and add to one segment', async ({ workstation }) => {
  const viewer = await openLesionSeries(workstation.page);
  await workstation.page.keyboard.press('b');
  let before = 0;
  for (const plane of planes) {
    await viewer.drag(plane, lesionBox[plane].from, lesionBox[plane].to);
    await viewer.hasAnswered(plane, 1);
    await expect.poll(() => viewer.voxels()).toBeGreaterThan(before);
    before = await viewer.voxels();
    await expect.poll(() => viewer.maskPixels(plane)).toBeGreaterThan(100);
  }
  await expect(viewer.segments).toHaveCount(1);
});

test('a box is moved, resized by edge and corner, and nudged; every step can be taken back', async ({ workstation }) => {
  const { page } = workstation;
  const viewer = await openLesionSeries(page);
  const { from, to } = lesionBox.axial;
  const middle = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2] as const;
  await viewer.drag('axial', from, to);
  await viewer.hasAnswered('axial', 1);
  const box = viewer.boxes('axial');
  const first = await drawn(box);
  const shapes = [first];

  const edit = async (work: () => Promise<void>) => {
    const { x, y, width, height } = shapes.at(-1)!;
    await work();
    await expect.poll(async () => Object.values(await drawn(box))).not.toEqual([x, y, width, height]);
    await viewer.hasAnswered('axial', 1);
    shapes.push(await drawn(box));
    expect(await viewer.undoStep()).toBe('Move box, Lesion 1, slice 13');
    return shapes.at(-1)!;
  };

  const moved = await edit(() => viewer.drag('axial', middle, [middle[0] + 0.1, middle[1]]));
  expect(moved.x).toBeGreaterThan(first.x + 5);
  expect([moved.y, moved.width, moved.height]).toEqual([first.y, first.width, first.height]);

  const wider = await edit(() => viewer.drag('axial', [to[0] + 0.1, middle[1]], [to[0] + 0.16, middle[1]]));
  expect(wider.width).toBeGreaterThan(moved.width + 5);
  expect([wider.x, wider.y, wider.height]).toEqual([moved.x, moved.y, moved.height]);

  const cut = await edit(() => viewer.drag('axial', [from[0] + 0.1, from[1]], [from[0] + 0.14, from[1] + 0.05]));
  expect(cut.width).toBeLessThan(wider.width);
  expect(cut.height).toBeLessThan(wider.height);
  expect(Math.abs(cut.x + cut.width - wider.x - wider.width)).toBeLessThan(1.5);

  const nudged = await edit(() => page.keyboard.press('ArrowLeft'));
  expect(nudged.x).toBeLessThan(cut.x);
  expect(nudged.y).toBe(cut.y);

  for (const shape of shapes.toReversed().slice(1)) {
    await page.keyboard.press('Control+z');
    await expect.poll(() => drawn(box)).toEqual(shape);
  }
});

test('arrow keys pressed in quick succession lose no step and are one step to take back', async ({ workstation }) => {
  const { page } = workstation;
  const viewer = await openLesionSeries(page);
  await viewer.drag('axial', lesionBox.axial.from, lesionBox.axial.to);
  // Sent from inside the page, so that no slow machine pulls a burst apart.
  const burst = (presses: number) =>
    page.evaluate((count) => {
      const press = () => document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
      for (let n = 0; n < count; n++) press();
    }, presses);
  // The box may still be on its way when the first key is pressed.
  await burst(3);
  await viewer.hasAnswered('axial', 1);
  await expect.poll(() => viewer.undoStep()).toBe('Move box, Lesion 1, slice 13');
  const box = viewer.boxes('axial');
  const start = await drawn(box);

  // The second burst begins about when the first is being stored.
  await burst(8);
  await page.waitForTimeout(310);
  await burst(5);
  await expect.poll(() => viewer.undoStep()).toBe('Move box, Lesion 1, slice 13');
  await page.waitForTimeout(500);
  await viewer.hasAnswered('axial', 1);
  const pixel = ((await viewer.at('axial', [1, 0]))[0] - (await viewer.at('axial', [0, 0]))[0]) / 128;
  await expect.poll(async () => Math.abs((await drawn(box)).x - start.x - 13 * pixel)).toBeLessThanOrEqual(1);

  // Two bursts, two steps; then the first three presses, and the box itself.
  for (let step = 0; step < 2; step++) await page.keyboard.press('Control+z');
  await expect.poll(async () => (await drawn(box)).x).toBe(start.x);
  await page.keyboard.press('Control+z');
  await expect.poll(() => viewer.undoStep()).toBe('Add box, Lesion 1, slice 13');
  await expect.poll(async () => start.x - (await drawn(box)).x).toBeGreaterThan(2.5 * pixel);
});

test('Esc drops a drag, Delete removes the box, both leave a consistent list', async ({ workstation }) => {
  const { page } = workstation;
  const viewer = await openLesionSeries(page);
  const { from, to } = lesionBox.axial;

  await viewer.drag('axial', from, to, false);
  await expect(viewer.boxes('axial')).toHaveCount(1);
  await page.keyboard.press('Escape');
  await expect(viewer.boxes('axial')).toHaveCount(0);
  await page.mouse.up();
  await expect(viewer.segments).toHaveCount(0);
  await expect(viewer.undo).toBeDisabled();

  await viewer.drag('axial', from, to);
  await viewer.hasAnswered('axial', 1);
  await page.keyboard.press('Delete');
  await expect(viewer.boxes('axial')).toHaveCount(0);
  await expect.poll(() => viewer.maskPixels('axial')).toBe(0);
  await expect(viewer.segments).toHaveCount(1);
  expect(await viewer.voxels()).toBe(0);
  expect(await viewer.undoStep()).toBe('Remove box, Lesion 1, slice 13');
});

test('a second segment has a name, a colour and numbers of its own', async ({ workstation }) => {
  const { page } = workstation;
  const viewer = await openLesionSeries(page);
  const { from, to } = lesionBox.axial;
  await viewer.drag('axial', from, to);
  await viewer.hasAnswered('axial', 1);
  const volumeMl = await viewer.volumeMl(0);

  await page.keyboard.press('n');
  await expect(viewer.segments).toHaveCount(2);
  // Inside the body, clear of the first box.
  await viewer.drag('axial', [0.3, 0.3], [0.42, 0.5]);
  await viewer.hasAnswered('axial', 2);
  await expect(viewer.segments.nth(1)).toContainText('Lesion 2');
  expect(await viewer.volumeMl(0)).toBe(volumeMl);
  const colours = await viewer.segments
    .locator('.colour')
    .evaluateAll((chips) => chips.map((chip) => getComputedStyle(chip).backgroundColor));
  expect(new Set(colours).size).toBe(2);

  await viewer.segments.nth(1).getByTitle('Delete the segment with all its boxes').click();
  await expect(viewer.segments).toHaveCount(1);
  await viewer.hasAnswered('axial', 1);
  await page.keyboard.press('Control+z');
  await expect(viewer.segments).toHaveCount(2);
});

test('windows, ruler, panes and the picture given to the model', async ({ workstation }) => {
  const { page } = workstation;
  const viewer = await openLesionSeries(page);
  const axial = viewer.pane('axial');

  await test.step('number keys and fields choose the window', async () => {
    await page.keyboard.press('2');
    await expect(axial).toContainText('W 1,500 L -600');
    await page.getByLabel('Window width').fill('300');
    await page.getByLabel('Window width').press('Enter');
    await expect(axial).toContainText('W 300 L -600');
    await page.getByLabel('Window (keys 1–8)').selectOption({ label: '5 · Bone  1,800 / 400' });
    await expect(axial).toContainText('W 1,800 L 400');
  });

  await test.step('the ruler measures millimetres', async () => {
    await page.keyboard.press('r');
    await viewer.drag('axial', [0.25, 0.5], [0.75, 0.5]);
    await expect(viewer.pane('axial').getByTestId('ruler')).toHaveText(/^6[34]\.\d mm$/);
    await page.keyboard.press('Delete');
    await expect(viewer.pane('axial').getByTestId('ruler')).toHaveCount(0);
  });

  await test.step('one pane fills the stage and goes back', async () => {
    await page.keyboard.press('m');
    await expect(axial).toBeVisible();
    await expect(viewer.pane('coronal')).toBeHidden();
    await page.keyboard.press('m');
    await expect(viewer.pane('coronal')).toBeVisible();
  });

  await test.step('the picture that the model is given can be seen', async () => {
    await page.getByRole('button', { name: 'What the model sees' }).click();
    const picture = page.getByTestId('model-view');
    await expect(picture).toBeVisible();
    const shades = await picture.evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      return new Set(data.filter((_: number, n: number) => n % 4 === 0)).size;
    });
    expect(shades).toBeGreaterThan(10);
  });
});

test('a picture opens in one pane, with areas in pixels and no volume', async ({ workstation, folder }) => {
  const size = 160;
  const png = new PNG({ width: size, height: size });
  for (let n = 0; n < size * size; n++) {
    const inDisc = ((n % size) - 80) ** 2 + (Math.floor(n / size) - 80) ** 2 < 30 ** 2;
    png.data.set(inDisc ? [220, 90, 90, 255] : [60, 50 + (n % 13), 70, 255], 4 * n);
  }
  const file = join(folder, 'photo.png');
  writeFileSync(file, PNG.sync.write(png));

  const library = new LibraryPage(workstation.page);
  await library.importFiles([file]);
  await expect(library.summary).toContainText('1 series imported');
  await library.summary.getByRole('link').click();
  const viewer = new ViewerPage(workstation.page, { axial: [1, 1], coronal: [1, 1], sagittal: [1, 1] });
  await viewer.isOpen();
  await expect(workstation.page.locator('[data-testid^=pane-]')).toHaveCount(1);
  await viewer.drag('axial', [0.27, 0.27], [0.73, 0.73]);
  await viewer.hasAnswered('axial', 1);
  await expect(viewer.segments).toContainText('no volume');
  await expect(viewer.segments).toContainText(/Area on this slice\s*[\d,]+ px/);
});
