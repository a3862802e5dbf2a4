import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, platform, arch, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFormulaModel } from '../../support/formula-model.ts';
import { besideRows } from './beside.ts';
import { engineRows } from './engine.ts';
import type { Row } from './figures.ts';
import { importRows } from './import.ts';
import { decoderRows, encoderRows, webEncoderRows, type Networks } from './networks.ts';
import { plainExport } from './plain-export.ts';
import { windowRows } from './window.ts';

/**
 * `npm run bench -- models`: MedSAM's network (ViT-B, weights by formula) in the workstation's graphs, against a plain
 * `torch.onnx.export` of the same weights and against onnxruntime-web. Figures are ratios of medians over rounds in
 * turn, on this machine.
 *
 *   --parts encoder,decoder,engine,import,beside,window,web   some of them (default: all; web takes longest)
 *   --rounds 3                           more are steadier
 *   --folder DIR                         keeps the models (2 GB) there for the next time
 */
const parts = ['encoder', 'decoder', 'engine', 'import', 'beside', 'window', 'web'];
const { values: options } = parseArgs({
  args: process.argv.slice(3),
  options: {
    parts: { type: 'string', default: parts.join() },
    rounds: { type: 'string', default: '3' },
    folder: { type: 'string' },
    architecture: { type: 'string', default: 'sam-vit-b' },
  },
});

const threads = 2;
const say = (text: string) => process.stderr.write(`${text}\n`);

export async function benchModels(): Promise<void> {
  const wanted = options.parts.split(',');
  const unknown = wanted.find((part) => !parts.includes(part));
  if (unknown !== undefined) throw new Error(`There is no part "${unknown}": ${parts.join(', ')}.`);
  const rounds = Math.max(1, Number(options.rounds) || 1);
  const architecture = options.architecture as 'sam-vit-b' | 'lite-medsam' | 'mobile-sam';
  const root = options.folder ?? mkdtempSync(join(tmpdir(), 'medsam-workstation-bench-models-'));
  try {
    mkdirSync(root, { recursive: true });
    const folder = join(root, architecture);
    if (!existsSync(join(folder, 'model.json'))) {
      say('Writing the model …');
      await writeFormulaModel(root, architecture, architecture, { draft: true });
    }
    const needsPlain = wanted.some((part) => ['encoder', 'decoder', 'web'].includes(part));
    const plain = needsPlain
      ? plainExport(join(root, `${architecture}-plain`), architecture, say)
      : { missing: 'not needed' };
    const networks: Networks = { folder, plain, threads, rounds };
    const rows: Row[] = [];
    if (wanted.includes('decoder')) rows.push(...(await decoderRows(networks, say)));
    if (wanted.includes('encoder')) rows.push(...(await encoderRows(networks, say)));
    if (wanted.includes('engine')) rows.push(...(await engineRows(networks, say)));
    if (wanted.includes('import')) rows.push(...(await importRows(say)));
    if (wanted.includes('beside')) rows.push(...(await besideRows(networks, say)));
    if (wanted.includes('window')) rows.push(...(await windowRows(say)));
    if (wanted.includes('web')) rows.push(...(await webEncoderRows(networks, say)));
    print(architecture, rows);
  } finally {
    if (!options.folder) rmSync(root, { recursive: true, force: true });
  }
}

function print(architecture: string, rows: Row[]): void {
  const cpu = cpus()[0]!.model.trim();
  const memory = (totalmem() / 1024 ** 3).toFixed(0);
  const machine = `${cpus().length} × ${cpu}, ${memory} GiB, ${platform()} ${arch()}, ${threads} threads`;
  process.stdout.write(`\n${architecture}, ${machine}\n\n`);
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) process.stdout.write(`${name.padEnd(width)}  ${value}\n`);
}
