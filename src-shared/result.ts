import { z } from 'zod';

/**
 * The closed set of error codes that may cross a process or reach a person.
 * Every code has a text in `messages/en.json` and `messages/zh-CN.json` under `errors.<code>`;
 * `params` fill the placeholders of that text.
 */
export const errorCodes = [
  'internal',
  'invalid-request',
  'not-found',
  'cancelled',
  'disk-full',
  'import-interrupted',
  'library-busy',
  'library-newer-version',
  'library-open-elsewhere',
  'file-unreadable',
  'file-not-written',
  'geometry-not-kept',
  'unsupported-format',
  'decode-failed',
  'series-not-measurable',
  'box-outside-image',
  'box-too-small',
  'model-not-found',
  'model-invalid',
  'model-damaged',
  'model-already-added',
  'model-not-removable',
  'model-family-needed',
  'model-files-needed',
  'model-one-at-a-time',
  'model-check-failed',
  'model-needs-hounsfield',
  'onnx-unreadable',
  'onnx-many-masks',
  'onnx-data-missing',
  'checkpoint-empty',
  'checkpoint-other-format',
  'checkpoint-not-torch',
  'checkpoint-legacy',
  'checkpoint-torchscript',
  'checkpoint-cut-off',
  'checkpoint-damaged',
  'checkpoint-compressed',
  'checkpoint-too-large',
  'checkpoint-big-endian',
  'checkpoint-forbidden',
  'checkpoint-no-weights',
  'checkpoint-unknown-model',
  'checkpoint-unsupported-model',
  'checkpoint-tensors-differ',
  'checkpoint-not-finite',
  'engine-crashed',
  'engine-unavailable',
  'superseded',
  'nothing-to-undo',
  'nothing-to-redo',
  'geometry-mismatch',
  'not-an-image',
  'folder-not-empty',
  'folder-in-library',
  'nothing-to-export',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export const appErrorSchema = z.object({
  code: z.enum(errorCodes),
  params: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  /** For the log and the details view; never the only thing a person is shown. */
  detail: z.string().optional(),
});
export type AppError = z.infer<typeof appErrorSchema>;

export type Result<T> = { ok: true; value: T } | { ok: false; error: AppError };

export const ok = <T>(value: T): Result<T> => ({ ok: true, value });

export const fail = (
  code: ErrorCode,
  params: Record<string, string | number> = {},
  detail?: string,
): { ok: false; error: AppError } => ({
  ok: false,
  error: detail === undefined ? { code, params } : { code, params, detail },
});

/** The zod schema of a `Result` whose value has the given schema. */
export const resultSchema = <T extends z.ZodType>(value: T) =>
  z.discriminatedUnion('ok', [
    z.object({ ok: z.literal(true), value }),
    z.object({ ok: z.literal(false), error: appErrorSchema }),
  ]);
