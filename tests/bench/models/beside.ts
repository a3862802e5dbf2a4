import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type {
  CropSpecialistManifest,
  PromptableManifest,
} from '../../../src-main/models/manifest.ts';
import { encoderPieces } from '../../../src-main/models/manifest.ts';
import type { CandidateConfig } from './candidate.ts';
import { median, type Row } from './figures.ts';
import { compare, graphOf, ms, ratio, row, type Networks } from './networks.ts';

/*
 * A network beside a program that takes a core, as a window does that paints without a graphics card: with threads that
 * sleep while they wait (the workstation's), and with threads that wait in a loop (onnxruntime's default).
 */

const shipped = fileURLToPath(new URL('../../../models/default/', import.meta.url));

/** Takes one core while the work lasts. */
async function besideBusy<T>(work: () => Promise<T>): Promise<T> {
  const busy = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
  await sleep(500);
  try {
    return await work();
  } finally {
    busy.kill('SIGKILL');
  }
}

const read = <T>(folder: string) =>
  JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as T;

type Network = { what: string; repeats: number } & Pick<
  CandidateConfig,
  'graphs' | 'inputs' | 'before'
>;

/** The embedded model, the part of the decoder for one box, and the piece of the encoder with a global attention. */
function networksOf(folder: string): Network[] {
  const embedded = read<CropSpecialistManifest>(shipped);
  const { name, channels, sizePx } = embedded.input;
  const manifest = read<PromptableManifest>(folder);
  const { decoder } = manifest;
  const pieces = encoderPieces(manifest);
  const last = pieces.length - 1;
  const graph = (role: string) => graphOf(folder, manifest, role);
  const given =
    last === 0
      ? { name: manifest.input.name, dims: [1, 3, manifest.input.sizePx, manifest.input.sizePx] }
      : { name: pieces[last - 1]!.output.name, dims: pieces[last - 1]!.output.shape };
  return [
    {
      what: 'Embedded model',
      graphs: [graphOf(shipped, embedded, 'network')],
      inputs: [{ name, dims: [1, channels.length, Number(sizePx), Number(sizePx)] }],
      repeats: 10,
    },
    {
      what: 'Decoder',
      graphs: [graph('decoder')],
      before: graph(decoder.slice!.role),
      inputs: [
        { name: decoder.embeddingName, dims: manifest.embedding.shape },
        { name: decoder.boxName, dims: [1, 4], values: [200, 260, 480, 560] },
      ],
      repeats: 10,
    },
    {
      what: "Encoder's last piece",
      graphs: [graph(pieces[last]!.role)],
      inputs: [given],
      repeats: 2,
    },
  ];
}

export async function besideRows(
  { folder, threads, rounds }: Networks,
  say: (text: string) => void,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { what, repeats, ...network } of networksOf(folder)) {
    say(`${what} alone and beside a busy program …`);
    const config: CandidateConfig = { runtime: 'node', threads, ...network };
    const pair = () =>
      compare(
        ['threads that sleep', config],
        ['threads that spin', { ...config, spinning: true }],
        {
          rounds,
          repeats,
        },
      );
    const alone = await pair();
    const beside = await besideBusy(pair);
    const [slow, quick] = [median(beside[0].times), median(alone[0].times)];
    rows.push([
      `${what} beside a busy program, to alone`,
      `${ratio(slow, quick)} ×  (${ms(slow)} to ${ms(quick)})`,
    ]);
    rows.push(row(`… with threads that sleep, to spinning ones`, ...beside));
    rows.push(row(`… the same, alone`, ...alone));
  }
  return rows;
}
