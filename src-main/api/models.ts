import { os } from './implementer.ts';
import { latestValues } from './latest-values.ts';

export const modelsApi = {
  list: os.models.list.handler(({ context }) => context.app.models.list()),
  verify: os.models.verify.handler(({ context, input }) => context.app.models.verify(input.modelId)),
  setDefault: os.models.setDefault.handler(({ context, input }) => context.app.models.setDefault(input.modelId)),
  engineStatus: os.models.engineStatus.handler(({ context }) => context.app.inference.status()),
  engineChanges: os.models.engineChanges.handler(({ context, signal }) =>
    latestValues((listener) => context.app.inference.onStatus(listener), signal),
  ),
  setProvider: os.models.setProvider.handler(({ context, input }) =>
    context.app.inference.setProvider(input.provider),
  ),
};
