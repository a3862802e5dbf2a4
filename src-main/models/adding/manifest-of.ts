import type { ModelFamily } from '../../../src-shared/contract/models.ts';
import { architectures } from '../graphs/architectures.ts';
import type { BuiltGraph, GraphValue } from '../graphs/types.ts';
import type { PromptableManifest } from '../manifest.ts';
import type { BuiltFiles, CheckpointFacts } from './checkpoint-tasks.ts';
import { familyRecipes } from './recipes.ts';

type Graph = Omit<BuiltGraph, 'bytes'>;

/** The manifest of a model made from a checkpoint, but for its reference numbers. */
export function manifestOf(
  family: ModelFamily,
  facts: CheckpointFacts,
  { graphs, files }: BuiltFiles,
  { fileName, name }: { fileName: string; name?: string | undefined },
): PromptableManifest {
  const recipe = familyRecipes[family];
  const { encoder } = architectures[recipe.architecture];
  const pieces = graphs.filter(({ role }) => /^encoder(-\d+)?$/.test(role));
  const draft = graphs.filter(({ role }) => /^draft-encoder-\d+$/.test(role));
  const slice = graphs.find(({ role }) => role === 'decoder-slice');
  const decoder = required(graphs.find(({ role }) => role === 'decoder'));
  const embedding = tensorOf(required(pieces.at(-1)?.outputs[0]));
  const image = required(pieces[0]?.inputs[0]);
  const boxes = required(decoder.inputs.find(({ dims }) => dims[0] === 'boxes'));
  const inPieces = (list: Graph[]) => ({
    pieces: list.map(({ role, outputs }) => ({ role, output: tensorOf(required(outputs[0])) })),
  });
  return {
    formatVersion: 1,
    id: modelIdOf(family, facts.sha256),
    name: name?.trim() || recipe.name,
    version: facts.sha256.slice(0, 8),
    kind: 'promptable',
    licence: {
      spdx: recipe.spdx,
      notice: `${recipe.makers} publish their weights under ${recipe.spdx}. Whether that holds for this file too depends on where it comes from. Not a medical device.`,
    },
    researchOnly: true,
    origin: `${fileName}, added from a checkpoint; recipe of ${recipe.name}`,
    files: files as PromptableManifest['files'],
    input: { name: image.name, sizePx: encoder.imagePx, channels: 3 },
    resize: recipe.resize,
    greys: recipe.greys,
    intensity: recipe.intensity,
    boxFrame: recipe.boxFrame,
    embedding,
    ...(pieces.length > 1 || pieces[0]!.role !== 'encoder' ? { encoder: inPieces(pieces) } : {}),
    ...(draft.length > 0 ? { draftEncoder: inPieces(draft) } : {}),
    decoder: {
      embeddingName: required((slice ?? decoder).inputs.find(({ dims }) => dims[0] !== 'boxes'))
        .name,
      boxName: boxes.name,
      boxShape: [1, 4],
      manyBoxes: true,
      ...(slice ? { slice: { role: slice.role, outputs: slice.outputs.map(tensorOf) } } : {}),
    },
    output: {
      name: required(decoder.outputs[0]).name,
      gridPx: required(decoder.outputs[0]).dims.at(-1) as number,
      order: recipe.order,
      threshold: 0.5,
    },
    checkpoint: {
      fileName,
      sha256: facts.sha256,
      promptEncoderSha256: facts.promptEncoderSha256,
    },
  };
}

/** One model per checkpoint and recipe. */
export const modelIdOf = (family: ModelFamily, sha256: string): string =>
  `${family}-${sha256.slice(0, 8)}`;

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The graphs of a model are not complete.');
  return value;
}

const tensorOf = ({ name, dims }: GraphValue) => ({ name, shape: dims.map(Number) });
