import { os } from './implementer.ts';

export const settingsApi = {
  get: os.settings.get.handler(({ context }) => context.app.settings.get()),
  update: os.settings.update.handler(({ context, input }) => context.app.settings.update(input)),
};
