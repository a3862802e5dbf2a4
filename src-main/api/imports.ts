import { os } from './implementer.ts';

export const importsApi = {
  startPaths: os.imports.startPaths.handler(({ context, input }) => context.app.imports.startPaths(input.paths)),
  stage: os.imports.stage.handler(({ context }) => context.app.imports.stage()),
  startStaged: os.imports.startStaged.handler(({ context, input }) =>
    context.app.imports.startStaged(input.importId),
  ),
  progress: os.imports.progress.handler(({ context, input, signal }) =>
    context.app.imports.progress(input.importId, signal),
  ),
  cancel: os.imports.cancel.handler(({ context, input }) => context.app.imports.cancel(input.importId)),
  history: os.imports.history.handler(({ context, input }) => context.app.imports.history(input.limit)),
};
