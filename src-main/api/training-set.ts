import { disposable } from './disposable.ts';
import { os } from './implementer.ts';

export const trainingSetApi = {
  overview: os.trainingSet.overview.handler(({ context, input }) =>
    context.app.trainingSet.overview(input.selection),
  ),
  write: os.trainingSet.write.handler(({ context, input, signal }) =>
    disposable(context.app.trainingSet.write(input, signal)),
  ),
};
