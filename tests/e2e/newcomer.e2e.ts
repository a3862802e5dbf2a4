import { join } from 'node:path';
import { sharedData } from '../support/shared-data.ts';
import { expect, test } from './support/files.ts';
import { lesionBox, lesionExtentMm, writeLesionSeries } from './support/lesion-series.ts';
import { LibraryPage } from './support/library-page.ts';
import { ViewerPage, type Part, type Plane } from './support/viewer-page.ts';
import type { Workstation } from './support/workstation.ts';

interface Study {
  patient: string;
  description: string;
  slices: number;
  voxelMm: readonly [number, number, number];
  extentMm: Record<Plane, Part>;
  box: { from: Part; to: Part };
}

/** The whole way of someone who opens the workstation for the first time and brings a study. */
async function newcomersWay(workstation: Workstation, folder: string, study: Study): Promise<void> {
  let library = new LibraryPage(workstation.page);
  let volumeMl: number;

  await test.step('import a folder', async () => {
    await library.importFolder(folder);
    await library.finishImport(
      new RegExp(`1 series imported, 0 already in the library, 0 files refused; ${study.slices} files read`),
    );
    await library.unfold(study.patient);
    await library.openSeries(study.description);
  });

  let viewer = new ViewerPage(workstation.page, study.extentMm);
  await test.step('look through the slices', async () => {
    await viewer.isOpen();
    const middle = Math.floor(study.slices / 2);
    expect(await viewer.slice('axial')).toBe(middle);
    await viewer.wheel('axial', 2);
    expect(await viewer.slice('axial')).toBe(middle - 2);
    await workstation.page.keyboard.press('ArrowUp');
    await workstation.page.keyboard.press('ArrowUp');
    await expect(viewer.pane('axial')).toHaveAttribute('data-slice', String(middle));
  });

  await test.step('draw a box round the tumour', async () => {
    await workstation.page.keyboard.press('b');
    await viewer.drag('axial', study.box.from, study.box.to);
    await viewer.hasAnswered('axial', 1);
    await expect(viewer.segments).toHaveCount(1);
    await expect.poll(() => viewer.volumeMl()).toBeGreaterThan(0);
    await expect.poll(() => viewer.maskPixels('axial')).toBeGreaterThan(500);
    volumeMl = await viewer.volumeMl();
    const voxelMl = study.voxelMm.reduce((product, mm) => product * mm, 1) / 1000;
    expect(volumeMl).toBeCloseTo((await viewer.voxels()) * voxelMl, 1);
  });

  await test.step('take the step back and do it again', async () => {
    const step = `Add box, Lesion 1, slice ${Math.floor(study.slices / 2) + 1}`;
    expect(await viewer.undoStep()).toBe(step);
    await workstation.page.keyboard.press('Control+z');
    await expect(viewer.boxes('axial')).toHaveCount(0);
    await expect.poll(() => viewer.maskPixels('axial')).toBe(0);
    expect(await viewer.redoStep()).toBe(step);
    await workstation.page.keyboard.press('Control+Shift+z');
    await viewer.hasAnswered('axial', 1);
    expect(await viewer.volumeMl()).toBe(volumeMl);
  });

  await test.step('close the workstation and open it again', async () => {
    const page = await workstation.restart();
    library = new LibraryPage(page);
    await library.unfold(study.patient);
    await expect(library.series.filter({ hasText: study.description })).toContainText('1 segment');
    await library.openSeries(study.description);
    viewer = new ViewerPage(page, study.extentMm);
    await viewer.isOpen();
    await viewer.hasAnswered('axial', 1);
    await expect.poll(() => viewer.volumeMl()).toBe(volumeMl);
    await expect.poll(() => viewer.maskPixels('axial')).toBeGreaterThan(500);
  });

  await test.step('undo reaches back behind the restart', async () => {
    await workstation.page.keyboard.press('Control+z');
    await expect(viewer.boxes('axial')).toHaveCount(0);
    await expect.poll(() => viewer.maskPixels('axial')).toBe(0);
  });
}

test.describe('a newcomer segments a first own study', () => {
  // An empty folder: what happens at the very first start must not be in the way.
  test.use({ library: 'new' });

  test('a real brain MR with a tumour', async ({ workstation }) => {
    test.skip(!sharedData, 'There is no shared/data folder beside the checkout.');
    await newcomersWay(workstation, join(sharedData!, 'dicom/mr-brain-t1post-22slices'), {
      patient: 'Avasarala',
      description: 'T1post',
      slices: 22,
      voxelMm: [0.4297, 0.4297, 6.5],
      extentMm: { axial: [220, 220], coronal: [220, 143], sagittal: [220, 143] },
      box: { from: [0.49, 0.17], to: [0.7, 0.42] },
    });
  });

  test('a CT made by code', async ({ workstation, folder }) => {
    writeLesionSeries(folder);
    await newcomersWay(workstation, folder, {
      patient: 'Phantom',
      description: 'Ball',
      slices: 24,
      voxelMm: [1, 1, 2.5],
      extentMm: lesionExtentMm,
      box: lesionBox.axial,
    });
  });
});
