import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from '../../app.ts';
import { namedWindows } from '../../../src-shared/window.ts';
import { slicePicture } from './picture.ts';
import type { DemoResult, DemoTimepoint } from './run-demo.ts';
import { demoLines } from './table.ts';

const known: [number, number, number] = [90, 220, 120];
const measured: [number, number, number] = [255, 120, 90];
const boxColour: [number, number, number] = [255, 210, 80];

const escaped = (text: string) =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);

/**
 * Writes `index.html` and a picture of each lesion's largest slice into a folder: what is known in
 * green, what the model made in red, the box in yellow.
 */
export async function writeReport(app: App, result: DemoResult, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const figures: string[] = [];
  for (const timepoint of result.timepoints) {
    const { voxels } = await app.volumes.readVolume(timepoint.seriesId);
    for (const [n, lesion] of timepoint.lesions.entries()) {
      const box = largestBox(lesion);
      const { sizeVx } = timepoint.geometry;
      const [x0, y0, x1, y1] = box.boxPx;
      const margin = 22;
      const file = `lesion-${timepoint.studyDate}-${n + 1}.png`;
      const picture = slicePicture({
        voxels,
        sizeVx,
        k: box.sliceIndex,
        cropPx: [
          Math.max(0, x0 - margin), Math.max(0, y0 - margin),
          Math.min(sizeVx[0], x1 + margin), Math.min(sizeVx[1], y1 + margin),
        ], // prettier-ignore
        zoom: 5,
        window: namedWindows['soft-tissue'],
        outlines: [
          { mask: lesion.truth, rgb: known },
          { mask: lesion.mask, rgb: measured },
        ],
        box: { boxPx: box.boxPx, rgb: boxColour },
      });
      writeFileSync(join(folder, file), picture);
      const { row } = lesion;
      figures.push(
        `<figure><img src="${file}" alt=""><figcaption>${escaped(row.name)}, ${row.studyDate}, slice ${box.sliceIndex + 1}<br>` +
          `known ${row.knownMl.toFixed(2)} mL, mask ${row.measuredMl.toFixed(2)} mL, DSC ${row.dice.toFixed(3)}</figcaption></figure>`,
      );
    }
  }
  const path = join(folder, 'index.html');
  writeFileSync(path, page(demoLines(result).map(escaped).join('\n'), figures.join('\n')));
  return path;
}

/** The box with the largest area: the slice that shows the lesion best. */
function largestBox({ boxes }: DemoTimepoint['lesions'][number]) {
  const area = ([x0, y0, x1, y1]: [number, number, number, number]) => (x1 - x0) * (y1 - y0);
  return boxes.reduce((a, b) => (area(b.boxPx) > area(a.boxPx) ? b : a));
}

const page = (table: string, figures: string) => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>MedSAM Workstation: demo report</title>
<style>
body { margin: 24px auto; max-width: 1200px; padding: 0 16px; background: #fff; color: #1b2126; font: 14px/1.5 system-ui, sans-serif }
pre { padding: 12px 14px; background: #f3f5f7; border-radius: 6px; overflow-x: auto; font-size: 13px }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(260px, 1fr)); gap: 16px }
figure { margin: 0 } img { width: 100%; image-rendering: pixelated; background: #000 } figcaption { font-size: 12.5px }
</style>
<h1>MedSAM Workstation: demo report</h1>
<p>The sample patient is a synthetic CT made by code; its lesions are shapes whose volumes are known exactly; masks are compared with the voxels whose centre lies inside.
Green: known. Red: the model's mask. Yellow: the box. Not a medical device.</p>
<pre>${table}</pre>
<div class="figures">
${figures}
</div>
</html>
`;
