import { open } from 'node:fs/promises';
import type { ImportIssue } from '../../../src-shared/import-issue.ts';
import type { Vec3 } from '../../../src-shared/geometry/volume-geometry.ts';
import { RefusedInput, warning } from '../refused-input.ts';
import type { InputFile } from '../types.ts';
import { latticeFromSteps } from './affine.ts';
import { companionOf } from './companions.ts';
import { listedFiles, numberedFiles, partsOfFiles } from './listed-files.ts';
import { byteLengthOf, type ElementType, type RawImage } from './raw-image.ts';

/** Spellings of the types in the NRRD definition (teem.sourceforge.net/nrrd/format.html). */
const elementTypes: Record<string, ElementType> = Object.fromEntries(
  (
    [
      ['int8', 'signed char, int8, int8_t'],
      ['uint8', 'uchar, unsigned char, uint8, uint8_t'],
      ['int16', 'short, short int, signed short, signed short int, int16, int16_t'],
      ['uint16', 'ushort, unsigned short, unsigned short int, uint16, uint16_t'],
      ['int32', 'int, signed int, int32, int32_t'],
      ['uint32', 'uint, unsigned int, uint32, uint32_t'],
      [
        'int64',
        'longlong, long long, long long int, signed long long, signed long long int, int64, int64_t',
      ],
      ['uint64', 'ulonglong, unsigned long long, unsigned long long int, uint64, uint64_t'],
      ['float32', 'float'],
      ['float64', 'double'],
    ] as const
  ).flatMap(([type, names]) => names.split(', ').map((name) => [name, type])),
);

/** Signs that turn a space's axes into LPS. */
const signsOfSpace: Record<string, Vec3> = {
  'left-posterior-superior': [1, 1, 1],
  lps: [1, 1, 1],
  'right-anterior-superior': [-1, -1, 1],
  ras: [-1, -1, 1],
  'left-anterior-superior': [1, -1, 1],
  las: [1, -1, 1],
};

const millimetresPerUnit: Record<string, number> = { mm: 1, cm: 10, m: 1000, um: 0.001, µm: 0.001 };

const headerLimit = 4 * 2 ** 20;

/**
 * Reads the header of an NRRD (`.nrrd`) or a detached one (`.nhdr`).
 * @throws RefusedInput
 */
export async function readNrrd(file: InputFile): Promise<RawImage> {
  const { fields, listed, dataStart } = await readFields(file);
  const field = (...names: string[]) =>
    names.map((name) => fields.get(name)).find((v) => v !== undefined);
  const broken = (reason: string) => new RefusedInput('broken-image', { reason });

  const typeName = field('type')?.toLowerCase() ?? '';
  const elementType = elementTypes[typeName];
  if (!elementType)
    throw new RefusedInput('unsupported-format', { format: `NRRD, type “${typeName}”` });
  const encoding = field('encoding')?.toLowerCase() ?? '';
  if (!['raw', 'gz', 'gzip'].includes(encoding)) {
    throw new RefusedInput('unsupported-format', { format: `NRRD, encoding “${encoding}”` });
  }
  const sizes = numbersOf(field('sizes'));
  if (
    sizes.length !== Number(field('dimension')) ||
    sizes.some((n) => !Number.isSafeInteger(n) || n < 1)
  ) {
    throw broken(`sizes: ${field('sizes')}`);
  }
  const axes = axesOf(sizes, field('kinds'), field('space directions'));
  const sizeOn = (n: number) => (axes.spatial[n] === undefined ? 1 : sizes[axes.spatial[n]]!);
  const sizeVx: Vec3 = [sizeOn(0), sizeOn(1), sizeOn(2)];
  const placed = place(field, axes.spatial, sizeVx);

  const image: RawImage = {
    format: 'nrrd',
    sizeVx,
    spatialDimensions: sizeVx[2] > 1 ? 3 : 2,
    timePoints: axes.timePoints,
    timeIsFastest: axes.timeIsFastest,
    components: axes.components,
    elementType,
    littleEndian: field('endian')?.toLowerCase() !== 'big',
    scale: { slope: 1, intercept: 0 },
    ...placed,
    modality: 'OT',
    parts: [],
    files: [file],
  };
  if (image.components > 1 && !['uint8', 'uint16'].includes(elementType)) {
    throw new RefusedInput('vector-image', { components: image.components });
  }
  const lineSkip = Number(field('line skip', 'lineskip') ?? 0);
  const byteSkip = Number(field('byte skip', 'byteskip') ?? 0);
  const dataFile = field('data file', 'datafile');
  const companions =
    dataFile === undefined
      ? []
      : dataFile.startsWith('LIST')
        ? await listedFiles(file, listed)
        : dataFile.includes('%')
          ? await numberedFiles(file, dataFile)
          : [await companionOf(file, dataFile)];
  image.files.push(...companions);
  image.parts = await partsOfFiles(companions.length > 0 ? companions : [file], {
    byteLength: byteLengthOf(image),
    start: companions.length > 0 ? 0 : dataStart,
    lineSkip,
    byteSkip,
    compression: encoding === 'raw' ? 'none' : 'gzip',
  });
  return image;
}

type FieldOf = (...names: string[]) => string | undefined;

async function readFields(file: InputFile) {
  const handle = await open(file.path, 'r');
  try {
    const buffer = Buffer.alloc(headerLimit);
    const { bytesRead } = await handle.read(buffer, 0, headerLimit, 0);
    const text = buffer.toString('latin1', 0, bytesRead);
    const blank = /\r?\n\r?\n/.exec(text);
    const header = blank ? text.slice(0, blank.index) : text;
    const fields = new Map<string, string>();
    const listed: string[] = [];
    for (const line of Buffer.from(header, 'latin1').toString('utf8').split(/\r?\n/).slice(1)) {
      if (line.startsWith('#')) continue;
      if (
        fields.get('data file')?.startsWith('LIST') ||
        fields.get('datafile')?.startsWith('LIST')
      ) {
        if (line.trim()) listed.push(line.trim());
        continue;
      }
      // `key:=value` pairs are the writer's own and say nothing about the layout.
      const match = /^([^:]+): (.*)$/.exec(line);
      if (match) fields.set(match[1]!.trim().toLowerCase(), match[2]!.trim());
    }
    return { fields, listed, dataStart: blank ? blank.index + blank[0].length : bytesRead };
  } finally {
    await handle.close();
  }
}

const numbersOf = (text: string | undefined): number[] =>
  (text ?? '').split(/\s+/).filter(Boolean).map(Number);

/** One entry per axis; null for `none`. */
const vectorsOf = (text: string): (number[] | null)[] =>
  [...text.matchAll(/none|\(([^)]*)\)/gi)].map((match) =>
    match[1] === undefined ? null : match[1].split(',').map(Number),
  );

const colourKinds: Record<string, 3 | 4> = {
  'rgb-color': 3,
  '3-color': 3,
  'rgba-color': 4,
  '4-color': 4,
};
const spatialKinds = new Set(['domain', 'space', '???', 'none', '']);
const sampleKinds = new Set(['list', 'time', 'point', '???', 'none', '']);

/** Which axes are space; what the one that is not means. */
function axesOf(
  sizes: number[],
  kindsText: string | undefined,
  directionsText: string | undefined,
) {
  const kinds = sizes.map((_, n) => (kindsText?.split(/\s+/)[n] ?? '').toLowerCase());
  const directions = directionsText ? vectorsOf(directionsText) : null;
  const all = sizes.map((_, n) => n);
  const spatial = (
    directions ? all.filter((n) => directions[n]) : all.filter((n) => spatialKinds.has(kinds[n]!))
  ).slice(0, 3);
  const others = all.filter((n) => !spatial.includes(n) && sizes[n]! > 1);
  const result = { spatial, timePoints: 1, timeIsFastest: false, components: 1 as 1 | 3 | 4 };
  if (spatial.length < 2) {
    throw new RefusedInput('unsupported-format', {
      format: 'NRRD with fewer than two axes in space',
    });
  }
  const other = others[0];
  if (other === undefined) return result;
  const fastest = other === 0;
  const slowest = other === sizes.length - 1;
  const colour = colourKinds[kinds[other]!] as 3 | 4 | undefined;
  if (others.length === 1 && fastest && colour !== undefined && colour === sizes[other]) {
    return { ...result, components: colour };
  }
  if (others.length === 1 && (fastest || slowest) && sampleKinds.has(kinds[other]!)) {
    return { ...result, timePoints: sizes[other]!, timeIsFastest: fastest };
  }
  throw new RefusedInput('vector-image', {
    components: others.reduce((product, n) => product * sizes[n]!, 1),
  });
}

function place(field: FieldOf, spatial: number[], sizeVx: Vec3) {
  const issues: ImportIssue[] = [];
  const space = (field('space') ?? '').toLowerCase().replace(/-time$|t$/, '');
  const signs = signsOfSpace[space];
  const units = [...(field('space units') ?? '').matchAll(/"([^"]*)"/g)].map((m) => m[1]!);
  const scale = [0, 1, 2].map((n) => millimetresPerUnit[units[n] ?? 'mm'] ?? 1);
  const toLps = (v: number[]): Vec3 =>
    [0, 1, 2].map((n) => (v[n] ?? 0) * (signs ?? [1, 1, 1])[n]! * scale[n]!) as Vec3;

  const directions = field('space directions');
  const spacings = numbersOf(field('spacings'));
  if (!directions || !signs) {
    if (directions || spacings.length > 0) issues.push(warning('orientation-assumed'));
  }
  const vectors = directions ? vectorsOf(directions) : null;
  const unitStep = (n: number, size: number): Vec3 =>
    [0, 1, 2].map((r) => (r === n ? size : 0)) as Vec3;
  const step = (n: number): Vec3 | null => {
    const axis = spatial[n];
    if (axis === undefined) return null;
    if (vectors) return toLps(vectors[axis]!);
    const spacing = spacings[axis];
    return spacing !== undefined && Number.isFinite(spacing) ? unitStep(n, spacing) : null;
  };
  const origin = vectorsOf(field('space origin') ?? '')[0];
  const lattice = latticeFromSteps({
    sizeVx,
    steps: [step(0), step(1), step(2)],
    originMm: origin ? toLps(origin) : [0, 0, 0],
  });
  return { ...lattice, issues: [...issues, ...lattice.issues] };
}
