import type { ModelAddProgress, ModelFamily } from '../../src-shared/contract/models.ts';
import { ok } from '../../src-shared/result.ts';
import type { App } from '../app.ts';
import { os } from './implementer.ts';
import { latestValues } from './latest-values.ts';

export const modelsApi = {
  stage: os.models.stage.handler(({ context }) => {
    const staged = context.app.adding.stage();
    if (!staged.ok) return staged;
    const { stageId } = staged.value;
    context.uploads?.hold(() => context.app.adding.discard(stageId));
    return ok({ stageId, uploadUrl: `/upload-model/${stageId}` });
  }),
  propose: os.models.propose.handler(async ({ context, input, signal }) => {
    const proposed = await context.app.adding.propose(input, signal);
    if (proposed.ok) {
      const { proposalId } = proposed.value;
      context.uploads?.hold(() => context.app.adding.discard(proposalId));
    }
    return proposed;
  }),
  add: os.models.add.handler(({ context, input, signal }) =>
    addWithProgress(context.app, input, signal),
  ),
  discard: os.models.discard.handler(({ context, input }) => {
    context.app.adding.discard(input.id);
    return ok({});
  }),
  remove: os.models.remove.handler(({ context, input }) =>
    context.app.adding.remove(input.modelId),
  ),
  list: os.models.list.handler(({ context }) => context.app.models.list()),
  verify: os.models.verify.handler(({ context, input }) =>
    context.app.inference.verifyModel(input.modelId),
  ),
  setDefault: os.models.setDefault.handler(({ context, input }) => {
    const model = context.app.models.resolve(input.modelId);
    if (!model.ok) return model;
    context.app.settings.update({ defaultModelId: input.modelId });
    // Ready for the first box, and named in the status bar; what is wrong with it shows there, too.
    void context.app.inference.warmUp(input.modelId);
    return ok({});
  }),
  engineStatus: os.models.engineStatus.handler(({ context }) => context.app.inference.status()),
  engineChanges: os.models.engineChanges.handler(({ context, signal }) =>
    latestValues((listener) => context.app.inference.onStatus(listener), signal),
  ),
  setProvider: os.models.setProvider.handler(({ context, input }) => {
    context.app.settings.update({ provider: input.provider });
    context.app.inference.setProvider(input.provider);
    return ok(context.app.inference.status());
  }),
};

/** The events of an addition as they come; when nobody listens any more, it is cancelled. */
async function* addWithProgress(
  app: App,
  { proposalId, family, name }: { proposalId: string; family?: ModelFamily; name?: string },
  signal: AbortSignal | undefined,
): AsyncGenerator<ModelAddProgress> {
  const waiting: ModelAddProgress[] = [];
  let wake = () => {};
  const tell = (progress: ModelAddProgress) => {
    waiting.push(progress);
    wake();
  };
  const cancel = new AbortController();
  const stop = () => cancel.abort();
  signal?.addEventListener('abort', stop, { once: true });
  void app.adding
    .add(proposalId, { family, name, signal: cancel.signal, onProgress: tell })
    .then((result) => tell({ phase: 'finished', provider: null, result }));
  try {
    for (;;) {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        yield next;
        if (next.phase === 'finished') return;
      }
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}
