import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  forkEngine,
  type EngineProcess,
  type SpawnEngine,
} from '../../src-main/inference/engine-process.ts';
import { createInferenceService, type InferenceOptions } from '../../src-main/inference/service.ts';
import type { BoxMask, InferenceController, SliceImage } from '../../src-main/inference/types.ts';
import { createModelRegistry } from '../../src-main/models/registry.ts';

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'medsam-workstation-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The inference service on the models of a folder, on the CPU, closed after the test. */
export function inferenceOn(
  modelsRoot: string,
  options: Partial<InferenceOptions> = {},
): InferenceController {
  const service = createInferenceService({
    models: createModelRegistry({ folders: [modelsRoot], chosenDefault: () => null }),
    settings: { provider: 'cpu', embeddingCacheBytes: 1024 ** 2 },
    cacheDir: null,
    log: { info: () => undefined, warn: () => undefined },
    ...options,
  });
  onTestFinished(() => service.close());
  return service;
}

/** Starts real engines and tells of every request before it is sent. */
export function watchedEngines(
  onRequest: (type: string, engine: EngineProcess, nth: number) => void,
): SpawnEngine {
  let nth = 0;
  return () => {
    const engine = forkEngine();
    return {
      ...engine,
      send(message) {
        engine.send(message);
        nth += 1;
        onRequest((message as { request: { type: string } }).request.type, engine, nth);
      },
    };
  };
}

/** A slice of 8-bit greys by formula. */
export function greySlice(
  widthPx: number,
  heightPx: number,
  grey: (x: number, y: number) => number,
): SliceImage {
  const data = Uint8Array.from({ length: widthPx * heightPx }, (_, at) =>
    grey(at % widthPx, Math.floor(at / widthPx)),
  );
  return {
    data,
    widthPx,
    heightPx,
    channels: 1,
    intensityRange: [0, 255],
    zeroStaysZero: false,
    flip: { x: false, y: false },
    contentKey: `${widthPx} ${heightPx} ${grey}`,
    seriesId: null,
    isHounsfield: false,
  };
}

/** Edges of the mask's rectangle, and how many of its pixels are not set. */
export function maskExtent({ originPx, sizePx, areaPx }: BoxMask): {
  edgesPx: number[];
  missingPx: number;
} {
  const [x, y] = originPx;
  return {
    edgesPx: [x, y, x + sizePx[0], y + sizePx[1]],
    missingPx: sizePx[0] * sizePx[1] - areaPx,
  };
}
