import { expect, type Locator, type Page } from '@playwright/test';
import { lesionExtentMm } from './lesion-series.ts';
import { LibraryPage } from './library-page.ts';

export type Plane = 'axial' | 'coronal' | 'sagittal';
/** A point of a slice's picture: parts of its width and height from its upper left corner. */
export type Part = readonly [x: number, y: number];

/** What a person does in the viewer. Pictures are where they are put at first: fitted to their panes. */
export class ViewerPage {
  readonly page: Page;
  /** Width and height of each plane's picture in mm (or pixels, where a file gives no mm). */
  readonly extentMm: Record<Plane, Part>;
  readonly segments: Locator;
  readonly undo: Locator;
  readonly redo: Locator;

  constructor(page: Page, extentMm: Record<Plane, Part>) {
    this.page = page;
    this.extentMm = extentMm;
    this.segments = page.getByTestId('segment');
    this.undo = page.getByTestId('undo');
    this.redo = page.getByTestId('redo');
  }

  pane(plane: Plane): Locator {
    return this.page.getByTestId(`pane-${plane}`);
  }

  boxes(plane: Plane): Locator {
    return this.pane(plane).getByTestId('box');
  }

  /** Waits until all voxels are here and the pane shows more than one shade. */
  async isOpen(plane: Plane = 'axial'): Promise<void> {
    await expect(this.pane(plane)).toBeVisible({ timeout: 60_000 });
    await expect(this.page.locator('.panes [role=progressbar]')).toHaveCount(0, { timeout: 60_000 });
    await expect.poll(() => this.shades(plane), { timeout: 60_000 }).toBeGreaterThan(4);
  }

  /** Screen position of a part of the slice. */
  async at(plane: Plane, [x, y]: Part): Promise<[number, number]> {
    const box = (await this.pane(plane).boundingBox())!;
    const [width, height] = this.extentMm[plane];
    const scale = Math.min(box.width / width, box.height / height);
    return [
      box.x + box.width / 2 + (x - 0.5) * width * scale,
      box.y + box.height / 2 + (y - 0.5) * height * scale,
    ];
  }

  async drag(plane: Plane, from: Part, to: Part, release = true): Promise<void> {
    const [a, b] = [await this.at(plane, from), await this.at(plane, to)];
    await this.page.mouse.move(...a);
    await this.page.mouse.down();
    await this.page.mouse.move((a[0] + b[0]) / 2, (a[1] + b[1]) / 2);
    await this.page.mouse.move(...b);
    if (release) await this.page.mouse.up();
  }

  async click(plane: Plane, where: Part): Promise<void> {
    await this.page.mouse.click(...(await this.at(plane, where)));
  }

  async wheel(plane: Plane, notches: number): Promise<void> {
    await this.page.mouse.move(...(await this.at(plane, [0.5, 0.5])));
    for (let n = 0; n < Math.abs(notches); n++) {
      const before = await this.slice(plane);
      await this.page.mouse.wheel(0, 100 * Math.sign(notches));
      await expect.poll(() => this.slice(plane)).not.toBe(before);
    }
  }

  /** The slice on screen, counted from 0. */
  async slice(plane: Plane): Promise<number> {
    return Number(await this.pane(plane).getAttribute('data-slice'));
  }

  /** Waits until the pane shows this many boxes and all have been answered. */
  async hasAnswered(plane: Plane, count: number): Promise<void> {
    await expect(this.boxes(plane)).toHaveCount(count);
    await expect(this.pane(plane).locator('[data-testid=box].done')).toHaveCount(count, { timeout: 60_000 });
  }

  /** How many screen pixels of the pane's mask layer are painted. */
  maskPixels(plane: Plane): Promise<number> {
    return this.pane(plane).evaluate((pane) => {
      const canvas = pane.querySelector<HTMLCanvasElement>(':scope > canvas:last-of-type')!;
      if (getComputedStyle(canvas).visibility === 'hidden') return 0;
      // Read from a copy: reading back would change how the browser keeps the window's own canvas.
      const copy = new OffscreenCanvas(canvas.width, canvas.height);
      const context = copy.getContext('2d', { willReadFrequently: true })!;
      context.drawImage(canvas, 0, 0);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      let painted = 0;
      for (let n = 3; n < data.length; n += 4) if (data[n]! > 0) painted++;
      return painted;
    });
  }

  /** How many different colours a row of points across the pane has, as painted on screen. */
  async shades(plane: Plane): Promise<number> {
    const picture = await this.pane(plane).screenshot();
    return this.page.evaluate(async (base64) => {
      const image = new Image();
      image.src = `data:image/png;base64,${base64}`;
      await image.decode();
      const canvas = document.createElement('canvas');
      canvas.width = image.width;
      canvas.height = image.height;
      const context = canvas.getContext('2d', { willReadFrequently: true })!;
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, Math.floor(image.height * 0.42), image.width, 1);
      const shades = new Set<number>();
      for (let n = 0; n < data.length; n += 4) {
        shades.add((data[n]! << 16) | (data[n + 1]! << 8) | data[n + 2]!);
      }
      return shades.size;
    }, picture.toString('base64'));
  }

  /** The volume shown for a segment, in mL. */
  async volumeMl(segment = 0): Promise<number> {
    const text = await this.segments.nth(segment).locator('.volume').innerText();
    return Number(/^([\d.]+) mL$/.exec(text)?.[1] ?? NaN);
  }

  /** Voxels of the selected segment. */
  async voxels(): Promise<number> {
    const text = await this.segments.locator('dd').first().innerText();
    return Number(text.replaceAll(',', ''));
  }

  /** The named step that undo would take back, e.g. "Add box, Lesion 1, slice 12". */
  async undoStep(): Promise<string> {
    return /^Undo: (.+) \(/.exec((await this.undo.getAttribute('title')) ?? '')?.[1] ?? '';
  }

  async redoStep(): Promise<string> {
    return /^Redo: (.+) \(/.exec((await this.redo.getAttribute('title')) ?? '')?.[1] ?? '';
  }
}

/** Opens the CT of `lesion-series.ts`, which the prepared library has. */
export async function openLesionSeries(page: Page): Promise<ViewerPage> {
  const library = new LibraryPage(page);
  await library.unfold('Phantom');
  await library.openSeries('Ball');
  const viewer = new ViewerPage(page, lesionExtentMm);
  await viewer.isOpen();
  return viewer;
}
