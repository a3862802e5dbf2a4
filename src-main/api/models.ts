import { ok } from '../../src-shared/result.ts';
import { os } from './implementer.ts';
import { latestValues } from './latest-values.ts';

export const modelsApi = {
  list: os.models.list.handler(({ context }) => context.app.models.list()),
  verify: os.models.verify.handler(({ context, input }) => context.app.inference.verifyModel(input.modelId)),
  setDefault: os.models.setDefault.handler(({ context, input }) => {
    const model = context.app.models.resolve(input.modelId);
    if (!model.ok) return model;
    context.app.settings.update({ defaultModelId: input.modelId });
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
