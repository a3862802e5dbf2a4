import { fail, ok, type Result } from '../../../src-shared/result.ts';
import { encoderPieces, fileOfRole } from '../../models/manifest.ts';
import { parentChannel } from '../../parent-channel.ts';
import { segmentCrop, viewCrop } from './crop-specialist-job.ts';
import { createEmbeddings, type EmbeddingLimits } from './embeddings.ts';
import { cropView } from '../recipes/crop-network.ts';
import { numberedRequestSchema, type EngineRequest, type EngineSlice } from './messages.ts';
import { backends, probe } from './probe.ts';
import { createPromptable, viewPrompt } from './promptable-job.ts';
import { createSessions } from './sessions.ts';
import { createSlices } from './slices.ts';

/*
 * The engine process: owns onnxruntime, its sessions and the embeddings; answers one request after the other. A run
 * blocks this thread from beginning to end, so the parent keeps the queue, and stops a run by ending this process.
 */

const channel = parentChannel();
const sessions = createSessions();
let limits: EmbeddingLimits = { folder: null, memoryBytes: 64 * 1024 ** 2, diskBytes: 0 };
let embeddings = createEmbeddings(limits);
let promptable = createPromptable(sessions, embeddings);
let slices = createSlices();

async function answer(request: EngineRequest): Promise<Result<unknown>> {
  if ('slice' in request) slices.take(request.slice);
  switch (request.type) {
    case 'configure':
      configure(request);
      return ok({});
    case 'forget':
      beginAnew(limits);
      return ok({});
    case 'probe':
      return probe(request.provider);
    case 'backends':
      return backends();
    default:
      return answerForModel(request);
  }
}

/** Asked again when a setting changes: then the embeddings at hand stay. */
function configure(request: Extract<EngineRequest, { type: 'configure' }>): void {
  const wanted: EmbeddingLimits = {
    folder: request.embeddingFolder,
    memoryBytes: request.embeddingMemoryBytes,
    diskBytes: request.embeddingDiskBytes,
  };
  if (wanted.folder === null || wanted.folder !== limits.folder) return beginAnew(wanted);
  limits = wanted;
  embeddings.setDiskLimit(wanted.diskBytes);
}

/** Without anything of a slice in memory; the sessions stay. */
function beginAnew(wanted: EmbeddingLimits): void {
  limits = wanted;
  embeddings.close();
  embeddings = createEmbeddings(limits);
  promptable = createPromptable(sessions, embeddings);
  slices = createSlices();
}

async function answerForModel(
  request: Extract<EngineRequest, { model: unknown }>,
): Promise<Result<unknown>> {
  const { manifest } = request.model;
  if (manifest.kind === 'crop-specialist') {
    const model = { ...request.model, manifest };
    const view = (slice: EngineSlice) =>
      cropView(
        manifest,
        () => slices.view(slice),
        () => slices.source(slice),
      );
    if (request.type === 'view')
      return ok(viewCrop({ ...request, model, view: view(request.slice) }));
    if (request.type === 'segment')
      return segmentCrop(sessions, { ...request, model, view: view(request.slice) });
    const session = await sessions.get(model, manifest.files.network, request.provider);
    if (!session.ok) return session;
    return ok(request.type === 'encode' ? { done: true, encoderMs: null } : {});
  }
  const model = { ...request.model, manifest };
  if (request.type === 'view')
    return ok(viewPrompt(model, request.slice, slices.view(request.slice)));
  if (request.type === 'load') {
    const pieces = encoderPieces(manifest).map(({ role }) => role);
    const perSlice = manifest.decoder.slice ? [manifest.decoder.slice.role] : [];
    for (const role of [...pieces, ...perSlice, 'decoder']) {
      const session = await sessions.get(model, fileOfRole(manifest, role), request.provider);
      if (!session.ok) return session;
    }
    return ok({});
  }
  const { slice } = request;
  const job = { ...request, model, slice, view: () => slices.view(slice) };
  return request.type === 'encode'
    ? promptable.encode({ ...request, ...job })
    : promptable.segment({ ...request, ...job });
}

let last: Promise<void> = Promise.resolve();

channel.onMessage((message) => {
  last = last.then(async () => {
    const parsed = numberedRequestSchema.safeParse(message);
    if (!parsed.success) {
      const id = (message as { id?: unknown } | null)?.id;
      const result = fail(
        'internal',
        {},
        `The engine was asked something it does not know: ${parsed.error.message}`,
      );
      channel.send({ type: 'answer', id: typeof id === 'number' ? id : -1, result });
      return;
    }
    const { id, request } = parsed.data;
    const result = await answer(request).catch((error: Error) =>
      fail('internal', {}, error.stack ?? error.message),
    );
    channel.send({ type: 'answer', id, result });
  });
});

channel.send({ type: 'ready' });
