import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { architectures } from '../../src-main/models/graphs/architectures.ts';
import { buildModel } from '../../src-main/models/graphs/build-model.ts';
import { expectedTensors } from '../../src-main/models/graphs/tensors.ts';
import type { Architecture, BuiltGraph, GraphValue } from '../../src-main/models/graphs/types.ts';
import { createWeightsFile } from '../../src-main/models/graphs/weights-file.ts';
import type { ModelFile, PromptableManifest } from '../../src-main/models/manifest.ts';
import { writeFormulaCheckpoint, type CheckpointOptions } from './formula-checkpoint.ts';

const tensor = ({ name, dims }: GraphValue) => ({ name, shape: dims.map(Number) });

async function fileOf(folder: string, path: string): Promise<ModelFile> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(folder, path)), hash);
  return { path, sha256: hash.digest('hex'), sizeBytes: statSync(join(folder, path)).size };
}

/**
 * A model of the real size whose weights are made by formula, in a folder that the registry takes: MedSAM's recipe
 * with graphs that point into the checkpoint. It knows nothing of images; it is for numbers and times.
 */
export async function writeFormulaModel(
  root: string,
  id: string,
  architecture: Architecture,
  options: { pieces?: number; draft?: boolean; change?: CheckpointOptions['change'] } = {},
): Promise<PromptableManifest> {
  const network = architectures[architecture];
  const folder = join(root, id);
  mkdirSync(folder, { recursive: true });
  const { change } = options;
  const source = writeFormulaCheckpoint(
    join(folder, 'weights.pth'),
    expectedTensors(network),
    change ? { change } : {},
  );
  const files: Record<string, ModelFile> = { checkpoint: await fileOf(folder, 'weights.pth') };
  const file = createWeightsFile(join(folder, 'weights.bin'), 'weights.bin');
  let graphs: BuiltGraph[];
  try {
    graphs = buildModel({ source, file }, network, options);
  } finally {
    file.close();
  }
  files.weights = await fileOf(folder, 'weights.bin');
  for (const { role, path, bytes, optimised } of graphs) {
    writeFileSync(join(folder, path), bytes);
    files[role] = { ...(await fileOf(folder, path)), optimised };
  }
  const pieces = (prefix: RegExp) => ({
    pieces: graphs
      .filter(({ role }) => prefix.test(role))
      .map(({ role, outputs }) => ({ role, output: tensor(outputs[0]!) })),
  });
  const encoder = pieces(/^encoder/);
  const draftEncoder = pieces(/^draft-encoder/);
  const slice = graphs.find(({ role }) => role === 'decoder-slice')!;
  const decoder = graphs.find(({ role }) => role === 'decoder')!;
  const manifest: PromptableManifest = {
    formatVersion: 1,
    id,
    name: `Formula weights ${architecture}`,
    version: '1',
    licence: { spdx: 'Apache-2.0', notice: 'Weights by formula: it segments nothing.' },
    researchOnly: true,
    origin: 'made by code',
    kind: 'promptable',
    files: { ...files, decoder: files.decoder! },
    input: { name: 'image', sizePx: network.encoder.imagePx, channels: 3 },
    resize: { policy: 'stretch', filter: 'cubic-spline' },
    greys: 'truncated',
    intensity: { scale: 'slice-min-max' },
    boxFrame: 'input-pixels',
    embedding: encoder.pieces.at(-1)!.output,
    encoder,
    ...(draftEncoder.pieces.length > 0 ? { draftEncoder } : {}),
    decoder: {
      embeddingName: 'embedding',
      boxName: decoder.inputs.find(({ dims }) => dims[0] === 'boxes')!.name,
      boxShape: [1, 4],
      manyBoxes: true,
      slice: { role: 'decoder-slice', outputs: slice.outputs.map(tensor) },
    },
    output: {
      name: decoder.outputs[0]!.name,
      gridPx: 4 * network.embedding.side,
      order: 'sigmoid-then-resize',
      threshold: 0.5,
    },
  };
  writeFileSync(join(folder, 'model.json'), JSON.stringify(manifest, null, 2));
  return manifest;
}
