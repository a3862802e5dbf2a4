import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelManifest, PromptableManifest } from '../../../src-main/models/manifest.ts';
import { MOST_BOXES } from '../../../src-main/inference/engine/promptable-job.ts';
import { encoderPieces, fileOfRole } from '../../../src-main/models/manifest.ts';
import { median, type Row } from './figures.ts';
import type { CandidateConfig } from './candidate.ts';
import { interleave, startCandidate, type Candidate } from './processes.ts';

/*
 * The networks by themselves: ours, a plain torch export and onnxruntime-web, two by two, so that three large models
 * are never in memory at once.
 */

export interface Networks {
  folder: string;
  plain: { encoder: string; decoder: string } | { missing: string };
  threads: number;
  rounds: number;
}

/** A graph of a model's by its role, as a candidate takes it. */
export function graphOf(
  folder: string,
  manifest: ModelManifest,
  role: string,
): CandidateConfig['graphs'][number] {
  const { path, optimised } = fileOfRole(manifest, role);
  return { path: join(folder, path), optimised };
}

const manifestIn = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as PromptableManifest;

export async function compare(
  one: [string, CandidateConfig],
  other: [string, CandidateConfig],
  options: { rounds: number; repeats?: number },
): Promise<[Candidate, Candidate]> {
  const candidates: Candidate[] = [];
  try {
    for (const [name, config] of [one, other]) candidates.push(await startCandidate(name, config));
    await interleave(candidates, options);
    return candidates as [Candidate, Candidate];
  } finally {
    for (const candidate of candidates) candidate.end();
  }
}

export const ms = (value: number) => `${value.toFixed(0)} ms`;
export const ratio = (ours: number, other: number) => (ours / other).toFixed(2);

export function row(what: string, ours: Candidate, other: Candidate): Row {
  const [a, b] = [median(ours.times), median(other.times)];
  const rounds = `n = ${ours.times.length}`;
  // Said at once too: a run that is broken off has then not measured for nothing.
  process.stderr.write(`  ${what}: ${ratio(a, b)}\n`);
  return [what, `${ratio(a, b)} ×  (${ms(a)} to ${ms(b)}; ${rounds})`];
}

const memory = (what: string, ours: Candidate, other: Candidate): Row => [
  `${what}, peak memory`,
  `${ratio(ours.peakMb, other.peakMb)} ×  (${ours.peakMb.toFixed(0)} MB to ${other.peakMb.toFixed(0)} MB)`,
];

export async function encoderRows(networks: Networks, say: (text: string) => void): Promise<Row[]> {
  const { folder, plain, threads, rounds } = networks;
  const manifest = manifestIn(folder);
  const { name, sizePx } = manifest.input;
  const inputs = [{ name, dims: [1, 3, sizePx, sizePx] }];
  const graphs = (roles: string[]) => roles.map((role) => graphOf(folder, manifest, role));
  const exact = graphs(encoderPieces(manifest).map(({ role }) => role));
  const draft = manifest.draftEncoder && graphs(manifest.draftEncoder.pieces.map((p) => p.role));
  const rows: Row[] = [];
  if ('missing' in plain) return [['Encoder', `not compared: ${plain.missing}`]];
  const node = (graphsInOrder: CandidateConfig['graphs']): CandidateConfig => ({
    ...{ runtime: 'node', threads, inputs },
    graphs: graphsInOrder,
  });
  const plainConfig: CandidateConfig = { ...node([{ path: plain.encoder }]), plainOptions: true };
  say('Encoder against the plain export …');
  const [ours, exported] = await compare(['ours', node(exact)], ['plain export', plainConfig], {
    rounds,
  });
  rows.push(row('Encoder fp32 to plain export', ours, exported));
  rows.push(memory('Encoder fp32 to plain export', ours, exported));
  rows.push(['Encoder sessions, load', `${ms(ours.loadMs)} to ${ms(exported.loadMs)}`]);
  rows.push(await loadRow(node(exact), rounds));
  if (draft) {
    say('Draft encoder against the plain export …');
    const [int8, again] = await compare(['draft', node(draft)], ['plain export', plainConfig], {
      rounds,
    });
    rows.push(row('Draft encoder (int8) to plain export', int8, again));
  }
  return rows;
}

/** What it is worth that onnxruntime loads the graphs as they are written, each time in a new process. */
async function loadRow(config: CandidateConfig, rounds: number): Promise<Row> {
  const through = { ...config, graphs: config.graphs.map(({ path }) => ({ path })) };
  const [asWritten, optimising]: [number[], number[]] = [[], []];
  for (let round = 0; round < 2 * rounds + 1; round += 1) {
    for (const [times, which] of [
      [asWritten, config],
      [optimising, through],
    ] as const) {
      const candidate = await startCandidate('load', which);
      candidate.end();
      times.push(candidate.loadMs);
    }
  }
  const [a, b] = [median(asWritten), median(optimising)];
  return [
    'Encoder sessions, load of the optimised graphs, to optimising them',
    `${ratio(a, b)} ×  (${ms(a)} to ${ms(b)}; n = ${asWritten.length})`,
  ];
}

/** Apart from the others, as one run of the web runtime takes half a minute. */
export async function webEncoderRows(
  { folder, plain, threads, rounds }: Networks,
  say: (text: string) => void,
): Promise<Row[]> {
  const what = 'Encoder fp32 to onnxruntime-web';
  if ('missing' in plain) return [[what, `not compared: ${plain.missing}`]];
  const manifest = manifestIn(folder);
  const { name, sizePx } = manifest.input;
  const inputs = [{ name, dims: [1, 3, sizePx, sizePx] }];
  const graphs = encoderPieces(manifest).map(({ role }) => graphOf(folder, manifest, role));
  say('Encoder against onnxruntime-web …');
  const [ours, web] = await compare(
    ['ours', { runtime: 'node', threads, inputs, graphs }],
    ['onnxruntime-web', { runtime: 'web', threads, inputs, graphs: [{ path: plain.encoder }] }],
    { rounds },
  );
  return [row(what, ours, web), memory(what, ours, web)];
}

export async function decoderRows(networks: Networks, say: (text: string) => void): Promise<Row[]> {
  const { folder, plain, threads, rounds } = networks;
  const manifest = manifestIn(folder);
  const { decoder, embedding } = manifest;
  const box = [200, 260, 480, 560];
  const boxes = (count: number) => ({
    name: decoder.boxName,
    dims: [count, 4],
    values: Array.from({ length: count }, (_, at) => box.map((edge) => edge + 10 * at)).flat(),
  });
  const [ofBoxes, ofSlice] = ['decoder', decoder.slice!.role].map((role) =>
    graphOf(folder, manifest, role),
  ) as [CandidateConfig['graphs'][number], CandidateConfig['graphs'][number]];
  const seen = { name: decoder.embeddingName, dims: embedding.shape };
  const atOnce = (count: number) => ({
    inputs: [seen, boxes(Math.min(count, MOST_BOXES))],
    runs: Math.ceil(count / MOST_BOXES),
  });
  /** Boxes on a slice whose part of the decoder is there already, and with it. */
  const ours = (count: number): CandidateConfig => ({
    ...{ runtime: 'node', threads, before: ofSlice, graphs: [ofBoxes] },
    ...atOnce(count),
  });
  const withSlice = (count: number): CandidateConfig => ({
    ...{ runtime: 'node', threads, graphs: [ofSlice, ofBoxes] },
    ...atOnce(count),
  });
  const repeats = 10;
  say('Decoder …');
  const rows: Row[] = [];
  for (const [what, config] of [
    ['Eight boxes on a slice to one, from the embedding', withSlice],
    ['Eight further boxes on a slice to one', ours],
  ] as const) {
    const compared = await compare(['eight boxes', config(8)], ['one box', config(1)], {
      rounds,
      repeats,
    });
    rows.push(row(what, ...compared));
  }
  if ('missing' in plain) return [...rows, ['Decoder', `not compared: ${plain.missing}`]];
  const inputs = [
    { name: 'embedding', dims: embedding.shape },
    { ...boxes(1), name: 'boxes' },
  ];
  const exported: CandidateConfig = {
    ...{ runtime: 'node', threads, inputs, plainOptions: true },
    graphs: [{ path: plain.decoder }],
  };
  const web: CandidateConfig = {
    runtime: 'web',
    threads,
    inputs,
    graphs: [{ path: plain.decoder }],
  };
  for (const [what, config, other] of [
    ['Eight further boxes on a slice to one of the plain export', ours(8), exported],
    ['Decoder to plain export', ours(1), exported],
    ['Decoder, first box of a slice, to plain export', withSlice(1), exported],
    ['Decoder to onnxruntime-web', ours(1), web],
  ] as const) {
    const compared = await compare(['ours', config], [what, other], { rounds, repeats });
    rows.push(row(what, ...compared));
  }
  return rows;
}
