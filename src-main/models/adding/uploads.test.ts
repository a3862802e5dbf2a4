import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inferenceOn, temporaryFolder } from '../../../tests/support/inference.ts';
import { writeTinyPromptable } from '../../../tests/support/tiny-models.ts';
import type { Result } from '../../../src-shared/result.ts';
import { createModelRegistry } from '../registry.ts';
import { createModelAdding, type ModelAdding } from './service.ts';

const value = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`);
  return result.value;
};

function library(abandonedAfterMs?: number) {
  const libraryRoot = temporaryFolder();
  const folder = join(libraryRoot, 'models');
  mkdirSync(join(libraryRoot, 'staging'));
  const models = createModelRegistry({ folders: [folder], chosenDefault: () => null });
  const inference = inferenceOn(folder, { models });
  const adding = createModelAdding({ libraryRoot, models, inference, abandonedAfterMs });
  return { adding, left: () => readdirSync(join(libraryRoot, 'staging')) };
}

function draftRoot(): string {
  const root = temporaryFolder();
  writeTinyPromptable(root);
  return root;
}

describe('an upload that is not used', () => {
  const staged = (adding: ModelAdding) => {
    const { stageId } = value(adding.stage());
    writeFileSync(value(adding.stagedFilePath(stageId, 'medsam.pth')), 'cut off');
    return stageId;
  };

  it('is cleared away when nothing comes any more, not before', async () => {
    const { adding, left } = library(1500);
    const stageId = staged(adding);
    for (let at = 0; at < 4; at += 1) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      value(adding.stagedFilePath(stageId, `${at}`));
    }
    expect(left()).toHaveLength(1);
    while (left().length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await adding.propose({ stageId })).toMatchObject({ error: { code: 'not-found' } });
  });

  it('is cleared away at the end, before it was read and after', async () => {
    const { adding, left } = library();
    const draftFolder = join(draftRoot(), 'tiny-promptable');
    staged(adding);
    const { stageId } = value(adding.stage());
    for (const file of readdirSync(draftFolder))
      writeFileSync(
        value(adding.stagedFilePath(stageId, file)),
        readFileSync(join(draftFolder, file)),
      );
    value(await adding.propose({ stageId }));
    expect(left()).toHaveLength(2);
    adding.close();
    expect(left()).toEqual([]);
  });
});
