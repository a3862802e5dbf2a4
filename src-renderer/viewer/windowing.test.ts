import { describe, expect, it } from 'vitest';
import { dragWindow, initialWindow, sameWindow, smallestWidth, windowPresets } from './windowing.ts';

const ct = { valueRange: [-1024, 3071], percentileRange: [1, 900], windows: [], dataType: 'int16', series: { modality: 'CT', channels: 1 } } as const;
const mr = { ...ct, valueRange: [0, 2000], percentileRange: [10, 810], series: { modality: 'MR', channels: 1 } } as const;
const photo = { ...ct, valueRange: [3, 250], dataType: 'uint8', series: { modality: 'XC', channels: 3 } } as const;
const values = <T>(v: T) => v as unknown as Parameters<typeof windowPresets>[0];

describe('window presets', () => {
  it('gives a CT the named windows on keys 1–6 and its full range', () => {
    const presets = windowPresets(values(ct));
    expect(presets.slice(0, 6).map((p) => p.kind === 'named' && p.name)).toEqual([
      'soft-tissue', 'lung', 'lung-paper', 'brain', 'bone', 'mediastinum',
    ]); // prettier-ignore
    expect(presets.at(-1)).toEqual({ kind: 'full', window: { level: 1023.5, width: 4095 } });
    expect(initialWindow(values(ct))).toEqual({ level: 40, width: 400 });
  });

  it('opens with the window of the file, if it gives one', () => {
    const fromFile = { level: 55, width: 320 };
    expect(initialWindow(values({ ...ct, windows: [fromFile] }))).toEqual(fromFile);
    expect(windowPresets(values({ ...mr, windows: [fromFile] }))[0]).toEqual({ kind: 'file', number: 1, window: fromFile });
  });

  it('opens MR with the percentile window and pictures as they are', () => {
    expect(initialWindow(values(mr))).toEqual({ level: 410, width: 800 });
    expect(initialWindow(values(photo))).toEqual({ level: 127.5, width: 255 });
    expect(windowPresets(values(photo)).map((p) => p.kind)).toEqual(['full']);
  });

  it('takes a file without modality for CT when it holds air', () => {
    const nifti = { ...ct, series: { modality: 'OT', channels: 1 } } as const;
    expect(initialWindow(values(nifti))).toEqual({ level: 40, width: 400 });
    expect(windowPresets(values({ ...nifti, valueRange: [-3, 800] }))[0]!.kind).toBe('percentile');
  });

  it('never has more presets than keys', () => {
    const windows = Array.from({ length: 20 }, (_, n) => ({ level: n, width: 10 }));
    expect(windowPresets(values({ ...ct, windows })).length).toBeLessThanOrEqual(8);
    expect(windowPresets(values({ ...mr, windows })).length).toBeLessThanOrEqual(8);
  });
});

describe('dragging the window', () => {
  const start = { level: 40, width: 400 };
  it('widens to the right, narrows to the left, and comes back', () => {
    const wide = dragWindow(start, [100, 0], 1);
    expect(wide.width).toBeGreaterThan(600);
    expect(wide.level).toBe(40);
    expect(dragWindow(wide, [-100, 0], 1).width).toBeCloseTo(400, 9);
  });
  it('raises the level downwards in proportion to the width', () => {
    expect(dragWindow(start, [0, 30], 1).level).toBeCloseTo(80, 9);
    expect(dragWindow({ level: 40, width: 4 }, [0, 30], 1).level).toBeCloseTo(40.4, 9);
  });
  it('stops at one stored value', () => {
    expect(dragWindow(start, [-5000, 0], smallestWidth(values(ct) as never)).width).toBe(1);
  });
  it('knows a preset again', () => {
    expect(sameWindow(start, { level: 40, width: 400.00001 })).toBe(true);
    expect(sameWindow(start, { level: 41, width: 400 })).toBe(false);
  });
});
