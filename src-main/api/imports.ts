import { ok } from '../../src-shared/result.ts';
import { disposable } from './disposable.ts';
import { os } from './implementer.ts';

export const importsApi = {
  startPaths: os.imports.startPaths.handler(({ context, input }) => context.app.imports.startPaths(input.paths)),
  stage: os.imports.stage.handler(({ context }) => {
    const staged = context.app.imports.stage();
    if (!staged.ok) return staged;
    const { importId } = staged.value;
    context.uploads?.hold(() => context.app.imports.discardStaged(importId));
    return ok({ importId, uploadUrl: `/upload/${importId}` });
  }),
  startStaged: os.imports.startStaged.handler(({ context, input }) =>
    context.app.imports.startStaged(input.importId),
  ),
  progress: os.imports.progress.handler(({ context, input, signal }) =>
    disposable(context.app.imports.progress(input.importId, signal)),
  ),
  running: os.imports.running.handler(({ context }) => context.app.imports.running()),
  cancel: os.imports.cancel.handler(({ context, input }) => context.app.imports.cancel(input.importId)),
  history: os.imports.history.handler(({ context, input }) => context.app.imports.history(input.limit)),
};
