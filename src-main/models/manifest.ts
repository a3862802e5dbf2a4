import { z } from 'zod';
import { boxPxSchema } from '../../src-shared/geometry/box.ts';

const sha256Schema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'a SHA-256 as 64 lower-case hexadecimal digits');

/** A path inside the model's folder, with forward slashes; nothing that leads out of it. */
const relativePathSchema = z
  .string()
  .min(1)
  .refine(
    (path) =>
      !/^[/\\]|^[A-Za-z]:|\\/.test(path) &&
      path.split('/').every((part) => part !== '..' && part !== ''),
    'a relative path with forward slashes that stays inside the model folder',
  );

export const modelFileSchema = z.object({
  path: relativePathSchema,
  sha256: sha256Schema,
  sizeBytes: z.number().int().positive(),
  /** Of a graph: onnxruntime has nothing to optimise in it and loads it as it is, which is faster. */
  optimised: z.boolean().optional(),
});
export type ModelFile = z.infer<typeof modelFileSchema>;

/** A slice and box with the numbers the model answers, so that every machine and provider can be held to them. */
export const verificationSchema = z.object({
  description: z.string().default(''),
  /** 8-bit pixels, row by row, channels interleaved. */
  slice: z.object({
    path: relativePathSchema,
    sha256: sha256Schema,
    widthPx: z.number().int().positive(),
    heightPx: z.number().int().positive(),
    channels: z.union([z.literal(1), z.literal(3)]),
  }),
  boxPx: boxPxSchema,
  expected: z.object({
    logits: z
      .array(
        z.object({
          row: z.number().int().nonnegative(),
          column: z.number().int().nonnegative(),
          value: z.number(),
        }),
      )
      .min(1),
    /** Largest absolute difference of a logit on the CPU, and on any other execution provider. */
    tolerance: z.number().positive(),
    otherProviderTolerance: z.number().positive(),
    foregroundPx: z.number().int().nonnegative(),
    foregroundTolerancePx: z.number().int().nonnegative(),
  }),
});
export type Verification = z.infer<typeof verificationSchema>;

const common = z.object({
  formatVersion: z.literal(1),
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'lower-case letters, digits, dots, dashes'),
  name: z.string().min(1).max(120),
  version: z.string().min(1).max(40),
  licence: z.object({ spdx: z.string().min(1), notice: z.string() }),
  researchOnly: z.boolean(),
  origin: z.string(),
});

const size = z.number().int().min(8).max(4096);
const threshold = z.number().gt(0).lt(1);
const tensorName = z.string().min(1);

/**
 * nnU-Net's normalisation of CT, from its plans: stored Hounsfield units are held between two percentiles of the training
 * set's foreground, then (value − mean) / deviation of that foreground. The model window does not matter.
 */
const hounsfieldScalingSchema = z
  .object({
    lowHu: z.number(),
    highHu: z.number(),
    meanHu: z.number(),
    stdHu: z.number().positive(),
  })
  .refine(({ lowHu, highHu }) => lowHu < highHu, 'lowHu is below highHu');
export type HounsfieldScaling = z.infer<typeof hounsfieldScalingSchema>;

/** One network that sees a crop round the box (recipes/crop-specialist.ts). */
export const cropSpecialistSchema = common.extend({
  kind: z.literal('crop-specialist'),
  files: z.object({ network: modelFileSchema }).catchall(modelFileSchema),
  input: z.object({
    name: tensorName,
    /** Fixed, or free: a square in the slice's own pixels whose side is a multiple of something. */
    sizePx: z.union([
      size,
      z.object({ multipleOf: z.number().int().min(1).max(512), least: size, most: size }),
    ]),
    channels: z
      .array(z.enum(['red', 'green', 'blue', 'grey', 'box', 'inside']))
      .min(1)
      .max(6),
  }),
  crop: z
    .object({
      contextFactor: z.number().min(1).max(10),
      minimumSizePx: z.number().positive(),
      minimumAspect: z.number().gt(0).max(1),
      resample: z.literal('triangle'),
      percentiles: z.tuple([z.number().min(0).max(100), z.number().min(0).max(100)]).optional(),
      minimumRange: z.number().positive().optional(),
      /** True: after that, mean 0 and deviation 1 over the crop. */
      zScore: z.boolean().optional(),
      hounsfieldScaling: hounsfieldScalingSchema.optional(),
    })
    .refine(
      ({ hounsfieldScaling, percentiles, minimumRange, zScore }) =>
        hounsfieldScaling
          ? percentiles === undefined && minimumRange === undefined && zScore === undefined
          : percentiles !== undefined && minimumRange !== undefined,
      'either percentiles and minimumRange (and zScore), or hounsfieldScaling',
    ),
  output: z.object({
    name: tensorName,
    sizePx: z.union([size, z.literal('as-input')]),
    /** For a network with several classes: how many, and which one is the mask. Left out: one logit. */
    classes: z
      .object({
        count: z.number().int().min(2).max(256),
        foreground: z.number().int().nonnegative(),
      })
      .refine(({ count, foreground }) => foreground < count, 'foreground is one of the classes')
      .optional(),
    order: z.literal('sigmoid-then-resize'),
    threshold,
    /** An output with one value: the DSC that the network expects of its mask. Below `lowBelow` the reader is warned. */
    expectedDsc: z.object({ name: tensorName, lowBelow: z.number().gt(0).lt(1) }).optional(),
  }),
  verification: verificationSchema,
});
export type CropSpecialistManifest = z.infer<typeof cropSpecialistSchema>;

const perChannel = z.tuple([z.number(), z.number(), z.number()]);
const shape = z.array(z.number().int().positive()).min(2).max(5);
const tensor = z.object({ name: tensorName, shape });

/**
 * An encoder as graphs that run one after the other: the first takes the image, each other one what the one before it
 * gave, under the same name; the last gives the embedding. Between two of them the engine can do something else.
 */
const encoderSchema = z.object({
  pieces: z.array(z.object({ role: z.string().min(1), output: tensor })).min(1),
});
export type EncoderPiece = z.infer<typeof encoderSchema>['pieces'][number];

/** An encoder run once per slice and a decoder run per box (recipes/promptable.ts). */
const promptableFields = common.extend({
  kind: z.literal('promptable'),
  files: z.object({ decoder: modelFileSchema }).catchall(modelFileSchema),
  /** The encoder's input, float32 [1, 3, sizePx, sizePx]. */
  input: z.object({ name: tensorName, sizePx: size, channels: z.literal(3) }),
  resize: z.discriminatedUnion('policy', [
    /** Each side to sizePx by itself; MedSAM. */
    z.object({
      policy: z.literal('stretch'),
      filter: z.enum(['cubic-spline', 'triangle', 'area']),
    }),
    /** The longer side to sizePx, zeros to the right and below; SAM, LiteMedSAM. */
    z.object({
      policy: z.literal('longest-side-pad'),
      filter: z.enum(['cubic-spline', 'triangle', 'area']),
    }),
  ]),
  /** How the resized greys 0–255 become whole numbers again before scaling. */
  greys: z.enum(['truncated', 'rounded']).default('truncated'),
  intensity: z.discriminatedUnion('scale', [
    z.object({ scale: z.literal('slice-min-max') }),
    z.object({ scale: z.literal('mean-std'), mean: perChannel, std: perChannel }),
  ]),
  /** Boxes reach the decoder as [x0, y0, x1, y1] edges in pixels of the encoder's input, cut to whole ones for LiteMedSAM. */
  boxFrame: z.enum(['input-pixels', 'whole-input-pixels']),
  embedding: tensor,
  /** Left out: one graph, of the role `encoder`. */
  encoder: encoderSchema.optional(),
  /** A faster, less exact encoder (int8) with the same input and embedding; its masks are marked as drafts. */
  draftEncoder: encoderSchema.optional(),
  decoder: z.object({
    embeddingName: tensorName,
    boxName: tensorName,
    /** For a box tensor [1, 4], [1, 1, 4] or [1, 2, 2]. */
    boxShape: z
      .array(z.number().int().positive())
      .refine(
        (shape) => shape.reduce((product, dim) => product * dim, 1) === 4,
        'a shape of four values',
      ),
    /** True: the first dimension of the boxes and of the logits is free, one entry per box. */
    manyBoxes: z.boolean().default(false),
    /**
     * The part of the decoder that does not depend on the box, run once per slice: it takes the embedding, and the graph
     * of the role `decoder` takes its outputs, under the same names, in place of the embedding.
     */
    slice: z.object({ role: z.string().min(1), outputs: z.array(tensor).min(1) }).optional(),
  }),
  output: z.object({
    name: tensorName,
    gridPx: size,
    order: z.enum(['sigmoid-then-resize', 'resize-logits']),
    threshold,
  }),
  /** Where the weights are from, if the graphs were made from a checkpoint of PyTorch's. */
  checkpoint: z
    .object({ fileName: z.string(), sha256: sha256Schema, promptEncoderSha256: sha256Schema })
    .optional(),
  verification: verificationSchema.optional(),
});
export type PromptableManifest = z.infer<typeof promptableFields>;

export const promptableSchema = promptableFields.superRefine((manifest, context) => {
  const problem = (path: string[], message: string) =>
    context.addIssue({ code: 'custom', path, message });
  for (const role of graphRoles(manifest)) {
    if (!Object.hasOwn(manifest.files, role)) problem(['files'], `there is no file "${role}"`);
  }
  for (const field of ['encoder', 'draftEncoder'] as const) {
    const last = manifest[field]?.pieces.at(-1)?.output;
    if (last && !sameTensor(last, manifest.embedding))
      problem([field, 'pieces'], 'the last piece must give the embedding');
  }
});

const sameTensor = (a: z.infer<typeof tensor>, b: z.infer<typeof tensor>) =>
  a.name === b.name && a.shape.join() === b.shape.join();

export const modelManifestSchema = z.discriminatedUnion('kind', [
  cropSpecialistSchema,
  promptableSchema,
]);
export type ModelManifest = z.infer<typeof modelManifestSchema>;

/** Whether a model takes stored Hounsfield units, so that nothing else makes sense to it. */
export const needsHounsfield = (manifest: ModelManifest): boolean =>
  manifest.kind === 'crop-specialist' && manifest.crop.hounsfieldScaling !== undefined;

/** The encoder's graphs in the order in which they run. */
export function encoderPieces({ encoder, embedding }: PromptableManifest): EncoderPiece[] {
  return encoder?.pieces ?? [{ role: 'encoder', output: embedding }];
}

/** A file of the manifest by its role; the registry saw to it that those that the manifest speaks of are there. */
export function fileOfRole({ files, id }: ModelManifest, role: string): ModelFile {
  const file: ModelFile | undefined = Object.hasOwn(files, role)
    ? (files as Record<string, ModelFile>)[role]
    : undefined;
  if (!file) throw new Error(`Model ${id} has no file "${role}".`);
  return file;
}

/** The roles of files that are graphs; every other file is data that graphs point to. */
export function graphRoles(manifest: ModelManifest): string[] {
  if (manifest.kind === 'crop-specialist') return ['network'];
  const { draftEncoder, decoder } = manifest;
  const pieces = [...encoderPieces(manifest), ...(draftEncoder?.pieces ?? [])];
  return [
    ...pieces.map(({ role }) => role),
    ...(decoder.slice ? [decoder.slice.role] : []),
    'decoder',
  ];
}

/** What the engine is told of a model; the folder and manifest were checked by the registry. */
export const installedModelSchema = z.object({
  /** Absolute. */
  folder: z.string().min(1),
  /** SHA-256 of model.json, which carries the hashes of all files: the identity of weights and recipe together. */
  sha256: sha256Schema,
  sizeBytes: z.number().int().nonnegative(),
  manifest: modelManifestSchema,
});
export type InstalledModel = z.infer<typeof installedModelSchema>;
