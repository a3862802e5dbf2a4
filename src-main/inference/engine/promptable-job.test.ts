import { expect, it } from 'vitest';
import { greySlice, temporaryFolder } from '../../../tests/support/inference.ts';
import { writeTinyPromptable } from '../../../tests/support/tiny-models.ts';
import { createModelRegistry } from '../../models/registry.ts';
import { sliceMessage, pixelsSha256 } from '../slice-message.ts';
import { createEmbeddings } from './embeddings.ts';
import type { PromptableModel } from './encoder.ts';
import { createPromptable } from './promptable-job.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { createSlices } from './slices.ts';

/** Jobs on one tiny model whose decoder has a part per slice, with the files that are run, in order. */
function recorded() {
  const root = temporaryFolder();
  writeTinyPromptable(root, { splitDecoder: true });
  const resolved = createModelRegistry({ folders: [root], chosenDefault: () => null }).resolve(
    'tiny-promptable',
  );
  if (!resolved.ok) throw new Error(resolved.error.code);
  const model = resolved.value as PromptableModel;
  const sessions = createSessions();
  const ran: string[] = [];
  const watched: Sessions = {
    get(of, file, provider) {
      ran.push(file.path);
      return sessions.get(of, file, provider);
    },
  };
  const image = {
    ...greySlice(64, 64, (x) => (x >= 24 ? 200 : 20)),
    contentKey: 'a',
    seriesId: null,
  };
  const slice = sliceMessage(image, pixelsSha256(image), true);
  const slices = createSlices();
  slices.take(slice);
  const job = { model, provider: 'cpu' as const, slice, view: () => slices.view(slice) };
  const limits = { folder: null, memoryBytes: 1024 ** 2, diskBytes: 0 };
  return { job, ran, promptable: createPromptable(watched, createEmbeddings(limits)) };
}
const box = {
  boxesPx: [[16, 8, 48, 40] as [number, number, number, number]],
  draft: false,
  wantLogits: false,
};

it('has the decoder’s part per slice ready for a box on the slice in view', async () => {
  const { job, ran, promptable } = recorded();
  expect(await promptable.encode({ ...job, inView: true })).toMatchObject({
    ok: true,
    value: { done: true },
  });
  expect(ran).toEqual(['encoder.onnx', 'decoder-slice.onnx']);
  expect(await promptable.segment({ ...job, ...box })).toMatchObject({
    ok: true,
    value: { done: true, embeddingCached: true },
  });
  expect(ran.slice(2)).toEqual(['decoder.onnx']);
  expect(await promptable.encode({ ...job, inView: true })).toEqual({
    ok: true,
    value: { done: true, encoderMs: null },
  });
  expect(ran).toHaveLength(3);
});

it('makes no more than the embedding of a slice that is not in view', async () => {
  const { job, ran, promptable } = recorded();
  await promptable.encode({ ...job, inView: false });
  expect(ran).toEqual(['encoder.onnx']);
  expect(await promptable.segment({ ...job, ...box })).toMatchObject({
    ok: true,
    value: { done: true },
  });
  expect(ran.slice(1)).toEqual(['decoder-slice.onnx', 'decoder.onnx']);
});
