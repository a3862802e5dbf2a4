import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ModelFamily, ModelProposal } from '../../../src-shared/contract/models.ts';
import { familyRecipes } from '../../models/adding/recipes.ts';
import { createModelAdding } from '../../models/adding/service.ts';
import { done, type CommandContext, type Outcome } from '../command.ts';
import { exitCodes, failWith, failWithError } from '../exit-codes.ts';
import { parseFamily } from '../options.ts';
import { standAloneModels } from '../stand-alone-models.ts';
import { text } from '../texts.ts';

/** `models add FILE…`: builds the model, tries it, and puts it into the library's folder. */
export async function addModel(
  context: CommandContext,
  files: string[],
  options: { as?: string; name?: string },
): Promise<Outcome> {
  const wanted = options.as === undefined ? undefined : parseFamily(options.as);
  const missing = files.find((file) => !existsSync(file));
  if (missing) throw failWith(exitCodes.notFound, 'no-such-file', { path: missing });
  const { models, inference, close } = standAloneModels(context.libraryDir, 'auto', {
    keepChecks: true,
  });
  try {
    const adding = createModelAdding({ libraryRoot: context.libraryDir, models, inference });
    context.progress(text('add-looking', { path: files.join(', ') }));
    const paths = files.map((file) => resolve(file));
    const proposal = await adding.propose({ paths }, context.signal);
    if (!proposal.ok) throw failWithError(proposal.error);
    const { families } = proposal.value;
    if (wanted !== undefined && !families.includes(wanted)) {
      const names = families.join(', ') || proposal.value.name;
      throw failWith(exitCodes.usage, 'not-that-family', { text: wanted, names });
    }
    const family = wanted ?? families[0];
    if (wanted === undefined) explainChoice(context, proposal.value);
    const added = await adding.add(proposal.value.proposalId, {
      family,
      name: options.name,
      signal: context.signal,
      onProgress: ({ phase, provider }) =>
        context.progress(
          provider && phase === 'trying' ? text('add-trying', { provider }) : text('add-building'),
        ),
    });
    if (!added.ok) throw failWithError(added.error);
    const { modelId, name, taken, checks } = added.value;
    const lines = [
      text('added', { id: modelId, name }),
      text(`added-taken-${taken}`),
      ...checks.map(({ provider, passed, detail, loadMs, encoderMs, decoderMs }) =>
        passed
          ? text('added-check', {
              provider,
              state: text('model-verified'),
              load: milliseconds(loadMs),
              encoder: milliseconds(encoderMs),
              decoder: milliseconds(decoderMs),
            })
          : text('added-check-failed', { provider, detail }),
      ),
    ];
    return done(lines, {
      model: { ...added.value, family: family ?? null },
      proposal: proposal.value,
    });
  } finally {
    await close();
  }
}

/** Says on what grounds a model was taken for one of two that the file does not tell apart. */
function explainChoice(context: CommandContext, { families, decidedBy }: ModelProposal): void {
  const [first, other] = families as [ModelFamily, ModelFamily | undefined];
  if (decidedBy === 'network') return;
  const { name } = familyRecipes[first];
  context.warn(text(`add-by-${decidedBy}`, { name, other: other ?? first }));
}

const milliseconds = (value: number | null): string =>
  value === null ? '–' : `${value.toFixed(0)} ms`;

/** `models remove ID` */
export async function removeModel(context: CommandContext, id: string): Promise<Outcome> {
  const { models, inference, close } = standAloneModels(context.libraryDir);
  try {
    const adding = createModelAdding({ libraryRoot: context.libraryDir, models, inference });
    const removed = await adding.remove(id);
    if (!removed.ok) throw failWithError(removed.error);
    return done([text('model-removed', { id })], { modelId: id, ...removed.value });
  } finally {
    await close();
  }
}
