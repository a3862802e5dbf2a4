import { fail, ok, type Result } from '../../../src-shared/result.ts';
import { fileOfRole } from '../../models/manifest.ts';
import { parentChannel } from './channel.ts';
import { segmentCrop, viewCrop } from './crop-specialist-job.ts';
import { createEmbeddings, type Embeddings } from './embeddings.ts';
import { numberedRequestSchema, type EngineRequest } from './messages.ts';
import { backends, probe } from './probe.ts';
import { encodeSlice, segmentPrompt, viewPrompt } from './promptable-job.ts';
import { createSessions } from './sessions.ts';
import { createSlices } from './slices.ts';

/*
 * The engine process: owns onnxruntime, its sessions and the embeddings; answers one request after the other. A run
 * blocks this thread from beginning to end, so the parent keeps the queue, and stops a run by ending this process.
 */

const channel = parentChannel();
const sessions = createSessions();
let embeddings: Embeddings = createEmbeddings({
  folder: null,
  memoryBytes: 64 * 1024 ** 2,
  diskBytes: 0,
});
const slices = createSlices();

async function answer(request: EngineRequest): Promise<Result<unknown>> {
  if ('slice' in request) slices.take(request.slice);
  switch (request.type) {
    case 'configure':
      embeddings = createEmbeddings({
        folder: request.embeddingFolder,
        memoryBytes: request.embeddingMemoryBytes,
        diskBytes: request.embeddingDiskBytes,
      });
      return ok({});
    case 'probe':
      return probe(request.provider);
    case 'backends':
      return backends();
    default:
      return answerForModel(request);
  }
}

async function answerForModel(
  request: Extract<EngineRequest, { model: unknown }>,
): Promise<Result<unknown>> {
  const { manifest } = request.model;
  if (manifest.kind === 'crop-specialist') {
    const model = { ...request.model, manifest };
    if (request.type === 'view')
      return ok(viewCrop({ ...request, model, view: slices.view(request.slice) }));
    if (request.type === 'segment')
      return segmentCrop(sessions, { ...request, model, view: slices.view(request.slice) });
    const session = await sessions.get(model, manifest.files.network, request.provider);
    return session.ok ? ok(request.type === 'encode' ? { encoderMs: null } : {}) : session;
  }
  const model = { ...request.model, manifest };
  if (request.type === 'view')
    return ok(viewPrompt(model, request.slice, slices.view(request.slice)));
  if (request.type === 'load') {
    const encoder = await sessions.get(model, fileOfRole(manifest, 'encoder'), request.provider);
    const decoder = encoder.ok
      ? await sessions.get(model, manifest.files.decoder, request.provider)
      : encoder;
    return decoder.ok ? ok({}) : decoder;
  }
  const { slice } = request;
  const job = { ...request, model, slice, view: () => slices.view(slice) };
  return request.type === 'encode'
    ? encodeSlice(sessions, embeddings, job)
    : segmentPrompt(sessions, embeddings, {
        ...job,
        boxPx: request.boxPx,
        wantLogits: request.wantLogits,
      });
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
