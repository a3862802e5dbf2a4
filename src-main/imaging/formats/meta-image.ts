import type { ImportIssue } from '../../../src-shared/import-issue.ts';
import type { Vec3 } from '../../../src-shared/geometry/volume-geometry.ts';
import { RefusedInput, warning } from '../refused-input.ts';
import { readHead } from '../sniff.ts';
import type { InputFile } from '../types.ts';
import { latticeFromSteps } from './affine.ts';
import { companionOf } from './companions.ts';
import { listedFiles, numberedFiles, partsOfFiles } from './listed-files.ts';
import { byteLengthOf, type ElementType, type RawImage } from './raw-image.ts';

/** MET_* types. MET_LONG is 4 bytes in files (MetaIO writes it so on every system). */
const elementTypes: Record<string, ElementType> = {
  CHAR: 'int8',
  ASCII_CHAR: 'int8',
  UCHAR: 'uint8',
  SHORT: 'int16',
  USHORT: 'uint16',
  INT: 'int32',
  UINT: 'uint32',
  LONG: 'int32',
  ULONG: 'uint32',
  LONG_LONG: 'int64',
  ULONG_LONG: 'uint64',
  FLOAT: 'float32',
  DOUBLE: 'float64',
};

/** Enough for a LIST of thousands of slices. */
const headerLimit = 2 ** 20;

const modalities: Record<string, string> = {
  MET_MOD_CT: 'CT',
  MET_MOD_MR: 'MR',
  MET_MOD_US: 'US',
  MET_MOD_NM: 'NM',
};

/**
 * Reads the header of a MetaImage (`.mha`, `.mhd` with its data files).
 * World coordinates are LPS mm; each row of TransformMatrix is the direction of one voxel axis.
 * @throws RefusedInput
 */
export async function readMetaImage(file: InputFile): Promise<RawImage> {
  const { fields, listed, dataStart } = parseHeader(await readHead(file.path, headerLimit));
  const field = (...names: string[]) =>
    names.map((name) => fields.get(name)).find((v) => v !== undefined);
  const numbers = (...names: string[]) =>
    (field(...names) ?? '').split(/\s+/).filter(Boolean).map(Number);
  const unsupported = (what: string) =>
    new RefusedInput('unsupported-format', { format: `MetaImage, ${what}` });
  const yes = (...names: string[]) => /^(true|1|yes)$/i.test(field(...names) ?? '');

  const typeName = (field('elementtype') ?? '').replace(/^MET_/, '').replace(/_ARRAY$/, '');
  const elementType = elementTypes[typeName];
  if (!elementType) throw unsupported(`type “${field('elementtype')}”`);
  if (field('binarydata') !== undefined && !yes('binarydata')) throw unsupported('voxels as text');
  const sizes = numbers('dimsize');
  if (
    sizes.length !== Number(field('ndims')) ||
    sizes.some((n) => !Number.isSafeInteger(n) || n < 1)
  ) {
    throw new RefusedInput('broken-image', { reason: `DimSize = ${field('dimsize')}` });
  }
  if (sizes.length < 2 || sizes.length > 4) throw unsupported(`${sizes.length} dimensions`);
  const channels = Number(field('elementnumberofchannels') ?? 1);
  if (channels !== 1 && !((channels === 3 || channels === 4) && /^uint(8|16)$/.test(elementType))) {
    throw new RefusedInput('vector-image', { components: channels });
  }
  const sizeVx: Vec3 = [sizes[0]!, sizes[1]!, sizes[2] ?? 1];
  const image: RawImage = {
    format: 'meta',
    sizeVx,
    spatialDimensions: sizeVx[2] > 1 ? 3 : 2,
    timePoints: sizes[3] ?? 1,
    timeIsFastest: false,
    components: channels as 1 | 3 | 4,
    elementType,
    littleEndian: !yes('binarydatabyteordermsb', 'elementbyteordermsb'),
    scale: scaleOf(
      numbers('elementtointensityfunctionslope'),
      numbers('elementtointensityfunctionoffset'),
    ),
    ...place(numbers, sizes.length, sizeVx),
    modality: modalities[field('modality') ?? ''] ?? 'OT',
    parts: [],
    files: [file],
  };
  const dataFile = field('elementdatafile') ?? '';
  const local = /^local$/i.test(dataFile);
  const companions = local
    ? []
    : /^list/i.test(dataFile)
      ? await listedFiles(file, listed)
      : dataFile.includes('%')
        ? await numberedFiles(file, dataFile)
        : [await companionOf(file, dataFile)];
  image.files.push(...companions);
  image.parts = await partsOfFiles(local ? [file] : companions, {
    byteLength: byteLengthOf(image),
    start: local ? dataStart : 0,
    lineSkip: 0,
    byteSkip: Number(field('headersize') ?? 0),
    compression: yes('compresseddata') ? 'zlib' : 'none',
  });
  return image;
}

const scaleOf = ([slope = 1]: number[], [intercept = 0]: number[]) =>
  slope === 0 ? { slope: 1, intercept: 0 } : { slope, intercept };

function parseHeader(head: Buffer) {
  const fields = new Map<string, string>();
  const listed: string[] = [];
  let at = 0;
  while (at < head.length) {
    const end = head.indexOf(10, at);
    const line = head.toString('utf8', at, end < 0 ? head.length : end).trim();
    at = end < 0 ? head.length : end + 1;
    const [key = '', ...rest] = line.split('=');
    if (/^LIST/.test(fields.get('elementdatafile') ?? '')) {
      if (line) listed.push(line);
      continue;
    }
    fields.set(key.trim().toLowerCase(), rest.join('=').trim());
    if (key.trim() === 'ElementDataFile' && !/^\s*LIST/.test(rest[0] ?? '')) break;
  }
  if (!fields.has('elementdatafile'))
    throw new RefusedInput('broken-image', { reason: 'no ElementDataFile' });
  return { fields, listed, dataStart: at };
}

function place(numbers: (...names: string[]) => number[], rank: number, sizeVx: Vec3) {
  const issues: ImportIssue[] = [];
  const spacing = numbers('elementspacing', 'elementsize');
  const matrix = numbers('transformmatrix', 'rotation', 'orientation');
  const origin = numbers('offset', 'position', 'origin');
  if (spacing.length > 0 && matrix.length !== rank * rank)
    issues.push(warning('orientation-assumed'));
  const direction = (n: number): Vec3 =>
    [0, 1, 2].map((r) =>
      matrix.length === rank * rank && n < rank
        ? r < rank
          ? matrix[n * rank + r]!
          : 0
        : Number(r === n),
    ) as Vec3;
  const step = (n: number): Vec3 | null =>
    Number.isFinite(spacing[n]) ? (direction(n).map((d) => d * spacing[n]!) as Vec3) : null;
  const lattice = latticeFromSteps({
    sizeVx,
    steps: [step(0), step(1), step(2)],
    originMm: [origin[0] ?? 0, origin[1] ?? 0, origin[2] ?? 0],
  });
  return { ...lattice, issues: [...issues, ...lattice.issues] };
}
