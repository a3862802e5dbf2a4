import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, type OutputConfiguration } from 'commander';
import { z } from 'zod';
import { applicationRoot } from '../entry-file.ts';
import { writtenExtensions } from '../interchange/write-image.ts';
import { defaultLibraryFolder } from '../library/library-folder.ts';
import type { CommandContext, Outcome } from './command.ts';
import { burden } from './commands/burden.ts';
import { compareFiles } from './commands/compare.ts';
import { exportSeries } from './commands/export.ts';
import { importPaths } from './commands/import.ts';
import { listLibrary } from './commands/list.ts';
import { addModel, removeModel } from './commands/model-files.ts';
import { listModels, verifyModels } from './commands/models.ts';
import { segmentBatch } from './commands/segment-batch.ts';
import { segment } from './commands/segment.ts';
import { writeTrainingSet, type TrainingSetOptions } from './commands/training-set.ts';
import { exitCodes, failWith } from './exit-codes.ts';
import {
  familyNames,
  parseBox,
  parseProvider,
  parseSeriesNumber,
  parseTolerance,
  parseWindow,
  windowNames,
  type TypedBox,
} from './options.ts';
import { text } from './texts.ts';

/** Does the work of one command; the entry gives it a context and shows what it answers. */
export type Run = (
  work: (context: CommandContext) => Outcome | Promise<Outcome>,
  options: GlobalOptions,
) => Promise<void>;

const globalOptionsSchema = z.object({
  library: z.string(),
  json: z.boolean().default(false),
  quiet: z.boolean().default(false),
});
export type GlobalOptions = z.infer<typeof globalOptionsSchema>;

const segmentOptionsSchema = z.object({
  box: z.array(z.string()).default([]),
  out: z.string().optional(),
  batch: z.string().optional(),
  model: z.string().optional(),
  window: z.string().optional(),
  provider: z.string().default('auto'),
  series: z.string().optional(),
  save: z.string().optional(),
});

/** The commands and options, as commander knows them. */
export function createProgram(run: Run, output: OutputConfiguration): Command {
  const program = new Command('medsam-workstation');
  program
    .description(text('about'))
    .version(version())
    // Recognised before and after the command's name.
    .option('--library <folder>', text('option-library'), defaultLibraryFolder())
    .option('--json', text('option-json'))
    .option('--quiet', text('option-quiet'))
    .addHelpText('after', `\n${text('help-exit-codes')}`)
    .showHelpAfterError('See --help.')
    .exitOverride()
    .configureOutput(output)
    .configureHelp({ showGlobalOptions: true });

  const command = (parent: Command, name: string, description: string) =>
    parent.command(name).description(description);
  const start = (self: Command, work: (context: CommandContext) => Outcome | Promise<Outcome>) =>
    run(work, globalOptionsSchema.parse(self.optsWithGlobals()));
  const extensions = writtenExtensions.join(', ');

  command(program, 'import', text('import'))
    .argument('<paths...>', text('argument-paths'))
    .action((paths: string[], _options, self: Command) =>
      start(self, (context) => importPaths(context, paths)),
    );

  command(program, 'list', text('list'))
    .option('--search <words>', text('option-search'))
    .action((options: { search?: string }, self: Command) =>
      start(self, (context) => listLibrary(context, options)),
    );

  command(program, 'export', text('export'))
    .argument('<series>', text('argument-series'))
    .requiredOption('--out <file>', text('option-out', { extensions }))
    .option('--masks', text('option-masks'))
    .option('--segment <name>', text('option-segment'))
    .action(
      (
        series: string,
        options: { out: string; masks?: boolean; segment?: string },
        self: Command,
      ) => start(self, (context) => exportSeries(context, series, options)),
    );

  const models = program.command('models').description(text('models'));
  command(models, 'list', text('models-list')).action((_options, self: Command) =>
    start(self, listModels),
  );
  command(models, 'verify', text('models-verify'))
    .argument('[id]', text('argument-model'))
    .action((id: string | undefined, _options, self: Command) =>
      start(self, (context) => verifyModels(context, id)),
    );

  command(models, 'add', text('models-add'))
    .argument('<files...>', text('argument-model-files'))
    .option('--as <family>', text('option-as', { names: familyNames.join(', ') }))
    .option('--name <name>', text('option-model-name'))
    .action((files: string[], options: { as?: string; name?: string }, self: Command) =>
      start(self, (context) => addModel(context, files, options)),
    );
  command(models, 'remove', text('models-remove'))
    .argument('<id>', text('argument-model'))
    .action((id: string, _options, self: Command) =>
      start(self, (context) => removeModel(context, id)),
    );

  command(program, 'segment', text('segment'))
    .argument('[image]', text('argument-image'))
    .option('--box <box>', text('option-box'), (box: string, all: string[] = []) => [...all, box])
    .option('--out <file>', text('option-out', { extensions }))
    .option('--batch <file>', text('option-batch'))
    .option('--model <id>', text('option-model'))
    .option('--window <window>', text('option-window', { names: windowNames.join(', ') }))
    .option('--provider <name>', text('option-provider'), 'auto')
    .option('--series <number>', text('option-series-number'))
    .option('--save <name>', text('option-save'))
    .action((image: string | undefined, options: unknown, self: Command) =>
      start(self, (context) => segmentAny(context, image, segmentOptionsSchema.parse(options))),
    );

  command(program, 'compare', text('compare'))
    .argument('<reference>', text('argument-reference'))
    .argument('<mask>', text('argument-mask'))
    .option('--tolerance <number>', text('option-tolerance'), '2')
    .action((reference: string, mask: string, options: { tolerance: string }, self: Command) =>
      start(self, (context) =>
        compareFiles(context, reference, mask, parseTolerance(options.tolerance)),
      ),
    );

  command(program, 'burden', text('burden'))
    .argument('<patient>', text('argument-patient'))
    .action((patient: string, _options, self: Command) =>
      start(self, (context) => burden(context, patient)),
    );

  command(program, 'training-set', text('training-set'))
    .argument('[what...]', text('argument-training-set'))
    .requiredOption('--out <folder>', text('option-training-out'))
    .option('--reader <name>', text('option-reader'))
    .option('--window <window>', text('option-training-window', { names: windowNames.join(', ') }))
    .option('--anatomy <word>', text('option-anatomy'))
    .option('--minimum-voxels <number>', text('option-minimum-voxels'), '1000')
    .option('--minimum-slice-pixels <number>', text('option-minimum-slice-pixels'), '100')
    .action((what: string[], options: TrainingSetOptions, self: Command) =>
      start(self, (context) => writeTrainingSet(context, what, options)),
    );

  return program;
}

function segmentAny(
  context: CommandContext,
  image: string | undefined,
  options: z.infer<typeof segmentOptionsSchema>,
): Promise<Outcome> {
  const modelId = options.model;
  const window = options.window === undefined ? undefined : parseWindow(options.window);
  const provider = parseProvider(options.provider);
  const { batch, out } = options;
  if (batch !== undefined && image === undefined && options.box.length === 0 && out === undefined) {
    return segmentBatch(context, batch, { modelId, window, provider });
  }
  if (batch !== undefined || image === undefined || options.box.length === 0 || out === undefined) {
    throw failWith(exitCodes.usage, 'box-or-batch');
  }
  const boxes: TypedBox[] = options.box.map(parseBox);
  const seriesNumber = options.series === undefined ? undefined : parseSeriesNumber(options.series);
  return segment(context, image, {
    boxes,
    out,
    modelId,
    window,
    provider,
    seriesNumber,
    save: options.save,
  });
}

function version(): string {
  const content = readFileSync(join(applicationRoot(), 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(content)).version;
}
