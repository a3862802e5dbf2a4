import { os } from './implementer.ts';

export const applicationApi = {
  about: os.application.about.handler(({ context }) => context.app.about),
  log: os.application.log.handler(({ context, input }) => context.app.log.tail(input.lines)),
};
