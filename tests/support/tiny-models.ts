import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CropSpecialistManifest, PromptableManifest } from '../../src-main/models/manifest.ts';
import {
  floatTensor,
  integerTensor,
  onnxModel,
  type OnnxNode,
  type OnnxTensor,
} from '../../src-main/models/onnx-writer.ts';

/*
 * Models whose answers can be worked out by hand, made by code.
 *
 * The promptable one: input 64², embedding = means of 4×4 pixels, logits on a 16² grid = 20·(mean − ½) inside the box
 * (cell centres) and −10 outside. So its mask is: brighter than half of the slice's range, and in the box. In pieces,
 * the first doubles the image and the last halves it, so that none can be left out or run twice unseen. Its draft
 * encoder doubles the image: its masks take in what is brighter than a quarter.
 * The crop specialist: logits = 20·(red − ½) where the box covers most of the cell, else −10; crop 32², output 16²;
 * it expects a DSC as large as the part of the crop that the box covers, if its manifest says so.
 */

export const TINY_INPUT_PX = 64;
export const TINY_GRID_PX = 16;

function writeFile(folder: string, path: string, bytes: Uint8Array) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, path), bytes);
  return {
    path,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    sizeBytes: bytes.length,
  };
}

const common = (id: string) => ({
  formatVersion: 1 as const,
  id,
  name: `Model ${id}`,
  version: '1.0.0',
  licence: { spdx: 'Apache-2.0', notice: '' },
  researchOnly: false,
  origin: 'made by code for tests',
});

const noFile = { path: 'none', sha256: '0'.repeat(64), sizeBytes: 1 };

/** MedSAM's recipe at the size of the tiny model. */
export const tinyPromptableManifest: PromptableManifest = {
  ...common('tiny-promptable'),
  kind: 'promptable',
  files: { encoder: noFile, decoder: noFile },
  input: { name: 'image', sizePx: TINY_INPUT_PX, channels: 3 },
  resize: { policy: 'stretch', filter: 'cubic-spline' },
  greys: 'truncated',
  intensity: { scale: 'slice-min-max' },
  boxFrame: 'input-pixels',
  embedding: { name: 'embedding', shape: [1, 3, TINY_GRID_PX, TINY_GRID_PX] },
  decoder: { embeddingName: 'embedding', boxName: 'box', boxShape: [1, 4], manyBoxes: false },
  output: { name: 'logits', gridPx: TINY_GRID_PX, order: 'sigmoid-then-resize', threshold: 0.5 },
};

export interface TinyPromptableOptions {
  id?: string;
  /** Convolutions on the way of each piece of the encoder that change nothing but take time. */
  work?: number;
  /** Pieces of the encoder; one is a plain encoder. */
  pieces?: number;
  /** A decoder with its part per slice apart, which takes any number of boxes. */
  splitDecoder?: boolean;
  draft?: boolean;
  change?: (manifest: PromptableManifest) => PromptableManifest;
}

export function writeTinyPromptable(
  root: string,
  options: TinyPromptableOptions = {},
): PromptableManifest {
  const { id = 'tiny-promptable', work = 0, pieces = 1, splitDecoder = false } = options;
  const { change = (manifest) => manifest } = options;
  const folder = join(root, id);
  const files: Record<string, ReturnType<typeof writeFile>> = {};
  const write = (role: string, graph: Uint8Array) =>
    (files[role] = writeFile(folder, `${role}.onnx`, graph));
  const decoder = write('decoder', splitDecoder ? boxDecoderGraph() : decoderGraph());
  if (splitDecoder) write('decoder-slice', sliceDecoderGraph());
  if (options.draft) write('draft-encoder', encoderGraph({ work: 0, factor: 2 }));
  const { embedding } = tinyPromptableManifest;
  const imageShape = [1, 3, TINY_INPUT_PX, TINY_INPUT_PX];
  const outputs = Array.from({ length: pieces }, (_, at) =>
    at === pieces - 1 ? embedding : { name: `image ${at + 1}`, shape: imageShape },
  );
  outputs.forEach((output, at) => {
    const input = at === 0 ? 'image' : outputs[at - 1]!.name;
    const role = pieces === 1 ? 'encoder' : `encoder-${at + 1}`;
    const factor = pieces === 1 ? 1 : at === 0 ? 2 : at === pieces - 1 ? 0.5 : 1;
    write(role, encoderGraph({ work, factor, input, output: output.name }));
  });
  const inPieces = outputs.map((output, at) => ({ role: `encoder-${at + 1}`, output }));
  const manifest = change({
    ...tinyPromptableManifest,
    ...common(id),
    files: { ...files, decoder },
    ...(pieces > 1 ? { encoder: { pieces: inPieces } } : {}),
    ...(options.draft
      ? { draftEncoder: { pieces: [{ role: 'draft-encoder', output: embedding }] } }
      : {}),
    ...(splitDecoder
      ? {
          decoder: {
            ...tinyPromptableManifest.decoder,
            manyBoxes: true,
            slice: {
              role: 'decoder-slice',
              outputs: [{ name: 'raised', shape: [1, 1, TINY_GRID_PX, TINY_GRID_PX] }],
            },
          },
        }
      : {}),
  });
  writeFileSync(join(folder, 'model.json'), JSON.stringify(manifest, null, 2));
  return manifest;
}

/** image · factor, averaged to the embedding where that is the output. */
function encoderGraph(options: {
  work: number;
  factor: number;
  input?: string;
  output?: string;
}): Uint8Array {
  const { work, factor, input = 'image', output = 'embedding' } = options;
  const channels = 48;
  const nodes: OnnxNode[] = [];
  if (work > 0) nodes.push({ op: 'Resize', inputs: [input, '', 'enlarge'], outputs: ['large'] });
  let last = 'large';
  for (let step = 0; step < work; step += 1) {
    const inputs = [last, step === 0 ? 'first' : 'next'];
    nodes.push({
      op: 'Conv',
      inputs,
      outputs: [`conv${step}`],
      attributes: { pads: { ints: [1, 1, 1, 1] } },
    });
    last = `conv${step}`;
  }
  if (work > 0) {
    nodes.push({
      op: 'ReduceMean',
      inputs: [last],
      outputs: ['mean'],
      attributes: { keepdims: { int: 1 } },
    });
    nodes.push({ op: 'Mul', inputs: ['mean', 'zero'], outputs: ['nothing'] });
    nodes.push({ op: 'Add', inputs: [input, 'nothing'], outputs: ['same'] });
  }
  const pooled = output === 'embedding';
  nodes.push({
    op: 'Mul',
    inputs: [work > 0 ? 'same' : input, 'factor'],
    outputs: [pooled ? 'scaled' : output],
  });
  if (pooled) {
    const pool = { kernel_shape: { ints: [4, 4] }, strides: { ints: [4, 4] } };
    nodes.push({ op: 'AveragePool', inputs: ['scaled'], outputs: [output], attributes: pool });
  }
  const side = pooled ? TINY_GRID_PX : TINY_INPUT_PX;
  return onnxModel({
    name: 'tiny encoder',
    inputs: [{ name: input, dims: [1, 3, TINY_INPUT_PX, TINY_INPUT_PX] }],
    outputs: [{ name: output, dims: [1, 3, side, side] }],
    initializers: [
      floatTensor('factor', [1], Float32Array.of(factor)),
      ...(work > 0
        ? [
            floatTensor('enlarge', [4], Float32Array.of(1, 1, 4, 4)),
            floatTensor('first', [channels, 3, 3, 3], new Float32Array(channels * 27).fill(0.01)),
            floatTensor(
              'next',
              [channels, channels, 3, 3],
              new Float32Array(channels * channels * 9).fill(0.001),
            ),
            floatTensor('zero', [1], Float32Array.of(0)),
          ]
        : []),
    ],
    nodes,
  });
}

const gridDims = [1, 1, TINY_GRID_PX, TINY_GRID_PX];

function decoderGraph(): Uint8Array {
  return onnxModel({
    name: 'tiny decoder',
    inputs: [
      { name: 'embedding', dims: tinyPromptableManifest.embedding.shape },
      { name: 'box', dims: [1, 4] },
    ],
    outputs: [{ name: 'logits', dims: gridDims }],
    initializers: [...boxConstants(), ...thresholdConstants()],
    nodes: [...insideNodes(), ...raisedNodes('embedding'), ...cutNodes('inside')],
  });
}

/** The decoder's part per slice. */
function sliceDecoderGraph(): Uint8Array {
  return onnxModel({
    name: 'tiny decoder, per slice',
    inputs: [{ name: 'embedding', dims: tinyPromptableManifest.embedding.shape }],
    outputs: [{ name: 'raised', dims: gridDims }],
    initializers: thresholdConstants(),
    nodes: raisedNodes('embedding'),
  });
}

/** The decoder's part per box, for any number of boxes. */
function boxDecoderGraph(): Uint8Array {
  return onnxModel({
    name: 'tiny decoder, per box',
    inputs: [
      { name: 'raised', dims: gridDims },
      { name: 'box', dims: ['boxes', 4] },
    ],
    outputs: [{ name: 'logits', dims: ['boxes', ...gridDims.slice(1)] }],
    initializers: [...boxConstants(), ...thresholdConstants()],
    nodes: [...insideNodes(), ...cutNodes('inside')],
  });
}

function boxConstants(): OnnxTensor[] {
  const cell = TINY_INPUT_PX / TINY_GRID_PX;
  const centres = Float32Array.from({ length: TINY_GRID_PX }, (_, at) => (at + 0.5) * cell);
  return [
    floatTensor('xs', [1, 1, 1, TINY_GRID_PX], centres),
    floatTensor('ys', [1, 1, TINY_GRID_PX, 1], centres),
    ...[0, 1, 2, 3].map((at) => integerTensor(`at${at}`, [at])),
    integerTensor('grid axes', [2, 3]),
  ];
}

/** 1 in cells whose centre is in the box, else 0: [boxes, 1, grid, grid]. */
function insideNodes(): OnnxNode[] {
  const corner = (at: number, name: string): OnnxNode[] => [
    {
      op: 'Gather',
      inputs: ['box', `at${at}`],
      outputs: [`column ${name}`],
      attributes: { axis: { int: 1 } },
    },
    { op: 'Unsqueeze', inputs: [`column ${name}`, 'grid axes'], outputs: [name] },
  ];
  return [
    ...corner(0, 'x0'),
    ...corner(1, 'y0'),
    ...corner(2, 'x1'),
    ...corner(3, 'y1'),
    { op: 'Greater', inputs: ['xs', 'x0'], outputs: ['right of x0'] },
    { op: 'Less', inputs: ['xs', 'x1'], outputs: ['left of x1'] },
    { op: 'Greater', inputs: ['ys', 'y0'], outputs: ['below y0'] },
    { op: 'Less', inputs: ['ys', 'y1'], outputs: ['above y1'] },
    { op: 'And', inputs: ['right of x0', 'left of x1'], outputs: ['in columns'] },
    { op: 'And', inputs: ['below y0', 'above y1'], outputs: ['in rows'] },
    { op: 'And', inputs: ['in columns', 'in rows'], outputs: ['in box'] },
    { op: 'Cast', inputs: ['in box'], outputs: ['inside'], attributes: { to: { int: 1 } } },
  ];
}

const thresholdConstants = (): OnnxTensor[] => [
  floatTensor('half', [1], Float32Array.of(0.5)),
  floatTensor('twenty', [1], Float32Array.of(20)),
  floatTensor('ten', [1], Float32Array.of(10)),
];

/** raised = 20·(mean over channels − ½) + 10 */
const raisedNodes = (image: string): OnnxNode[] => [
  {
    op: 'ReduceMean',
    inputs: [image],
    outputs: ['grey'],
    attributes: { axes: { ints: [1] }, keepdims: { int: 1 } },
  },
  { op: 'Sub', inputs: ['grey', 'half'], outputs: ['centred'] },
  { op: 'Mul', inputs: ['centred', 'twenty'], outputs: ['stretched'] },
  { op: 'Add', inputs: ['stretched', 'ten'], outputs: ['raised'] },
];

/** logits = inside · raised − 10 */
const cutNodes = (inside: string): OnnxNode[] => [
  { op: 'Mul', inputs: ['raised', inside], outputs: ['cut'] },
  { op: 'Sub', inputs: ['cut', 'ten'], outputs: ['logits'] },
];

export function writeTinyCropSpecialist(
  root: string,
  id = 'tiny-crop',
  output: Partial<CropSpecialistManifest['output']> = {},
): CropSpecialistManifest {
  const folder = join(root, id);
  const sizePx = 2 * TINY_GRID_PX;
  const pool = { kernel_shape: { ints: [2, 2] }, strides: { ints: [2, 2] } };
  const part = (channel: string, from: number, to: number): OnnxNode => ({
    op: 'Slice',
    inputs: ['pooled', `c${from}`, `c${to}`, 'channel axis'],
    outputs: [channel],
  });
  const network = writeFile(
    folder,
    'network.onnx',
    onnxModel({
      name: 'tiny crop specialist',
      inputs: [{ name: 'input', dims: [1, 5, sizePx, sizePx] }],
      outputs: [
        { name: 'logits', dims: [1, 1, TINY_GRID_PX, TINY_GRID_PX] },
        { name: 'expected_dsc', dims: [1] },
      ],
      initializers: [
        ...[0, 3, 4].map((at) => integerTensor(`c${at}`, [at])),
        integerTensor('channel axis', [1]),
        ...thresholdConstants(),
      ],
      nodes: [
        { op: 'AveragePool', inputs: ['input'], outputs: ['pooled'], attributes: pool },
        part('colours', 0, 3),
        part('box', 3, 4),
        {
          op: 'ReduceMean',
          inputs: ['box'],
          outputs: ['expected_dsc'],
          attributes: { axes: { ints: [1, 2, 3] }, keepdims: { int: 0 } },
        },
        { op: 'Greater', inputs: ['box', 'half'], outputs: ['in box'] },
        { op: 'Cast', inputs: ['in box'], outputs: ['inside'], attributes: { to: { int: 1 } } },
        ...raisedNodes('colours'),
        ...cutNodes('inside'),
      ],
    }),
  );
  const pixels = Uint8Array.from({ length: 40 * 40 }, (_, at) => (at % 40 >= 20 ? 255 : 0));
  const slice = writeFile(folder, 'slice.u8', pixels);
  const manifest: CropSpecialistManifest = {
    ...common(id),
    kind: 'crop-specialist',
    files: { network },
    input: { name: 'input', sizePx, channels: ['red', 'green', 'blue', 'box', 'inside'] },
    crop: {
      contextFactor: 2,
      minimumSizePx: 8,
      minimumAspect: 0.5,
      resample: 'triangle',
      percentiles: [0, 100],
      minimumRange: 0.001,
    },
    output: {
      name: 'logits',
      sizePx: TINY_GRID_PX,
      order: 'sigmoid-then-resize',
      threshold: 0.5,
      ...output,
    },
    verification: {
      description: 'The right half is bright; the box lies across.',
      slice: { path: slice.path, sha256: slice.sha256, widthPx: 40, heightPx: 40, channels: 1 },
      boxPx: [12, 12, 28, 28],
      // The crop is 4…36, one cell 2 px: cells 4…11 are in the box, cells from 8 on are bright.
      expected: {
        logits: [
          { row: 8, column: 10, value: 10 },
          { row: 8, column: 5, value: -10 },
          { row: 2, column: 10, value: -10 },
        ],
        tolerance: 1e-4,
        otherProviderTolerance: 0.05,
        foregroundPx: 128,
        foregroundTolerancePx: 0,
      },
    },
  };
  writeFileSync(join(folder, 'model.json'), JSON.stringify(manifest, null, 2));
  return manifest;
}
