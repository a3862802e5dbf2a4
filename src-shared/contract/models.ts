import { eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';
import { appErrorSchema, resultSchema } from '../result.ts';

export const executionProviderSchema = z.enum(['cpu', 'cuda', 'dml', 'coreml', 'webgpu']);
export type ExecutionProvider = z.infer<typeof executionProviderSchema>;

/** Whether a model gives its own reference numbers on one execution provider of this machine. */
export const providerCheckSchema = z.object({
  provider: executionProviderSchema,
  passed: z.boolean(),
  /** What differs, or why it could not be run; empty when it passed. */
  detail: z.string(),
  checkedAt: z.string(),
  loadMs: z.number().nullable(),
  encoderMs: z.number().nullable(),
  decoderMs: z.number().nullable(),
});
export type ProviderCheck = z.infer<typeof providerCheckSchema>;

export const modelSummarySchema = z.object({
  id: z.string(),
  name: z.string(),
  version: z.string(),
  kind: z.enum(['promptable', 'crop-specialist']),
  licence: z.object({ spdx: z.string(), notice: z.string() }),
  researchOnly: z.boolean(),
  origin: z.string(),
  /** It is given Hounsfield units as stored, whatever the window. */
  takesHounsfield: z.boolean(),
  sizeBytes: z.number().int(),
  sha256: z.string(),
  isDefault: z.boolean(),
  /** False for the models that come with the application. */
  removable: z.boolean(),
  /** The last results on this machine; empty when it was not verified since runtime or drivers changed. */
  checks: z.array(providerCheckSchema),
  /** Names of other models with the very same prompt encoder, as MedSAM has SAM's. */
  sharesPromptEncoderWith: z.array(z.string()),
  /** Set when the model's files or manifest are not usable; it is listed all the same. */
  problem: appErrorSchema.optional(),
});
export type ModelSummary = z.infer<typeof modelSummarySchema>;

export const providerProbeSchema = z.object({
  provider: executionProviderSchema,
  state: z.enum(['available', 'unavailable', 'wrong-numbers']),
  /** Why it is not used, in the runtime's words. */
  reason: z.string(),
  maxAbsoluteDifference: z.number().nullable(),
  milliseconds: z.number().nullable(),
});
export type ProviderProbe = z.infer<typeof providerProbeSchema>;

export const engineStatusSchema = z.object({
  state: z.enum(['starting', 'ready', 'busy', 'restarting', 'failed']),
  modelId: z.string().nullable(),
  modelName: z.string().nullable(),
  provider: executionProviderSchema,
  /** Empty when the wanted provider runs; else why another one does. */
  fallbackReason: z.string(),
  probes: z.array(providerProbeSchema),
  lastEncoderMs: z.number().nullable(),
  lastDecoderMs: z.number().nullable(),
  restarts: z.number().int(),
  queued: z.number().int(),
  error: appErrorSchema.optional(),
});
export type EngineStatus = z.infer<typeof engineStatusSchema>;

export const modelFamilySchema = z.enum(['medsam-vit-b', 'sam-vit-b', 'lite-medsam', 'mobile-sam']);
export type ModelFamily = z.infer<typeof modelFamilySchema>;

/** What files are, looked at and not yet added. */
export const modelProposalSchema = z.object({
  proposalId: z.string(),
  kind: z.enum(['checkpoint', 'onnx']),
  files: z.array(z.object({ name: z.string(), sizeBytes: z.number() })),
  /** What it was recognised as; for ONNX files, the name in their model.json. */
  name: z.string(),
  /** For a checkpoint, what it can be; the first is proposed. More than one when a person has to say. */
  families: z.array(modelFamilySchema),
  /** Why the first family is proposed. */
  decidedBy: z.enum(['network', 'published-file', 'file-name', 'nothing']),
  sha256: z.string(),
  /** Number of weight tensors; null for ONNX files. */
  tensors: z.number().int().nullable(),
  /** What else a training checkpoint holds, which is left alone. */
  beside: z.array(z.string()),
});
export type ModelProposal = z.infer<typeof modelProposalSchema>;

export const modelAddProgressSchema = z.object({
  phase: z.enum(['building', 'trying', 'finished']),
  /** The provider that is tried. */
  provider: executionProviderSchema.nullable(),
  /** Set when finished. */
  result: resultSchema(
    z.object({
      modelId: z.string(),
      name: z.string(),
      /** How the weights came into the library: all but `copied` take no space of their own. */
      taken: z.enum(['moved', 'cloned', 'linked', 'copied']),
      checks: z.array(providerCheckSchema),
    }),
  ).optional(),
});
export type ModelAddProgress = z.infer<typeof modelAddProgressSchema>;

export const modelsContract = {
  /** Opens a staging place for model files that a browser uploads to `uploadUrl` + encoded name. */
  stage: oc.output(resultSchema(z.object({ stageId: z.string(), uploadUrl: z.string() }))),
  /** Looks at files of this machine's disk, or at what was staged, without adding anything. */
  propose: oc
    .input(
      z.union([z.object({ paths: z.array(z.string()).min(1) }), z.object({ stageId: z.string() })]),
    )
    .output(resultSchema(modelProposalSchema)),
  /** Adds what was proposed; the last event has the result. To stop listening is to cancel. */
  add: oc
    .input(
      z.object({
        proposalId: z.string(),
        family: modelFamilySchema.optional(),
        name: z.string().max(120).optional(),
      }),
    )
    .output(eventIterator(modelAddProgressSchema)),
  /** Forgets what was staged or proposed. */
  discard: oc.input(z.object({ id: z.string() })).output(resultSchema(z.object({}))),
  /** Removes a model that a person added; masks that were made with it stay. */
  remove: oc
    .input(z.object({ modelId: z.string() }))
    .output(resultSchema(z.object({ freedBytes: z.number() }))),
  list: oc.output(z.array(modelSummarySchema)),
  /** Checks files against their hashes and the model's numbers against its own reference. */
  verify: oc.input(z.object({ modelId: z.string() })).output(
    resultSchema(
      z.object({
        modelId: z.string(),
        verified: z.boolean(),
        checks: z.array(z.object({ name: z.string(), passed: z.boolean(), detail: z.string() })),
      }),
    ),
  ),
  setDefault: oc.input(z.object({ modelId: z.string() })).output(resultSchema(z.object({}))),
  engineStatus: oc.output(engineStatusSchema),
  engineChanges: oc.output(eventIterator(engineStatusSchema)),
  setProvider: oc
    .input(z.object({ provider: z.union([executionProviderSchema, z.literal('auto')]) }))
    .output(resultSchema(engineStatusSchema)),
};
