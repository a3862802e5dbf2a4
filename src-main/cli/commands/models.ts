import type { ModelVerification } from '../../inference/types.ts';
import { done, type CommandContext, type Outcome } from '../command.ts';
import { exitCodes, failWithError } from '../exit-codes.ts';
import { modelsOf, resolveModel, standAloneModels } from '../stand-alone-models.ts';
import { errorText, text } from '../texts.ts';

/** `models list`: broken ones too, with what is wrong. */
export function listModels(context: CommandContext): Outcome {
  const models = modelsOf(context.libraryDir).list();
  const lines = models.map((model) => {
    const state = model.problem
      ? text('model-problem', { text: errorText(model.problem) })
      : model.isDefault
        ? text('model-default')
        : '';
    return `${model.id}  ${model.name} ${model.version}  ${model.kind}  ${model.licence.spdx}  ${state}`.trimEnd();
  });
  return done(lines, { models });
}

/** `models verify [ID]`: hashes of the files, and the numbers against the model's own reference. */
export async function verifyModels(
  context: CommandContext,
  wanted: string | undefined,
): Promise<Outcome> {
  const { models, inference, close } = standAloneModels(context.libraryDir);
  try {
    const ids =
      wanted === undefined ? models.list().map(({ id }) => id) : [resolveModel(models, wanted).id];
    const results: (ModelVerification | { modelId: string; verified: false; problem: string })[] =
      [];
    for (const id of ids) {
      context.progress(id);
      const result = await inference.verifyModel(id);
      if (result.ok) results.push(result.value);
      else if (wanted !== undefined) throw failWithError(result.error);
      else results.push({ modelId: id, verified: false, problem: errorText(result.error) });
    }
    return {
      exitCode: results.every(({ verified }) => verified) ? exitCodes.done : exitCodes.model,
      lines: results.flatMap(linesOf),
      document: { models: results },
    };
  } finally {
    await close();
  }
}

function linesOf(
  result: ModelVerification | { modelId: string; verified: false; problem: string },
): string[] {
  const state = text(result.verified ? 'model-verified' : 'model-not-verified');
  const head = `${result.modelId}: ${state}`;
  if ('problem' in result) return [head, `  ${result.problem}`];
  return [
    head,
    ...result.checks.map(
      ({ name, passed, detail }) => `  ${passed ? '✓' : '✗'} ${name}: ${detail}`,
    ),
  ];
}
