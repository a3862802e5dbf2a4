import { os } from './implementer.ts';

export const settingsApi = {
  get: os.settings.get.handler(({ context }) => context.app.settings.get()),
  update: os.settings.update.handler(({ context, input }) => {
    const { settings, inference } = context.app;
    const before = settings.get();
    const now = settings.update(input);
    const { embeddingCacheBytes, draftMasks } = now;
    if (embeddingCacheBytes !== before.embeddingCacheBytes || draftMasks !== before.draftMasks)
      inference.setOptions({ embeddingCacheBytes, drafts: draftMasks });
    return now;
  }),
};
