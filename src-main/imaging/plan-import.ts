import { basename, dirname, extname, resolve } from 'node:path';
import { refusal, RefusedInput } from './refused-input.ts';
import { unpackZip } from './archives.ts';
import { looksLikeDicom } from './dicom/looks-like-dicom.ts';
import { headersBeside } from './formats/companions.ts';
import type { RawImage } from './formats/raw-image.ts';
import { isRawFormat, readRawHeader } from './formats/read-header.ts';
import { planImage, type ImageFormat } from './plan-image.ts';
import { readHead, sniff } from './sniff.ts';
import type { ImportPlan, InputFile } from './types.ts';
import { naturalOrder, stemOf, walk } from './walk.ts';

export interface PlanProgress {
  phase: 'looking' | 'reading-headers';
  filesDone: number;
  filesTotal: number;
  /** The file being worked on, as the person knows it. */
  current: string;
}

export interface PlanOptions {
  /** Where archives are unpacked to; the caller removes it after decoding. */
  tempDir: string;
  signal?: AbortSignal;
  onProgress?: (progress: PlanProgress) => void;
}

/** Archives inside archives inside archives… */
const archiveDepth = 3;

interface Sorted {
  dicom: InputFile[];
  images: { file: InputFile; format: ImageFormat }[];
  /** Voxels without a header in them, or nothing that is known. */
  unknown: InputFile[];
}

/**
 * What the given files, folders and zip archives hold. Every file is accounted for exactly once: in
 * a series (as data or companion), or in `refused` with its reason (severity `note` for files that
 * are rightly left out). Only an abort makes this throw.
 */
export async function planImport(
  paths: readonly string[],
  options: PlanOptions,
): Promise<ImportPlan> {
  const plan: ImportPlan = { series: [], refused: [], filesRead: 0 };
  const sorted = await sortByContent(paths, plan, options);
  plan.filesRead = sorted.dicom.length + sorted.images.length + sorted.unknown.length;
  const total = plan.filesRead;
  let done = 0;
  const progress = (current: string) =>
    options.onProgress?.({ phase: 'reading-headers', filesDone: done, filesTotal: total, current });

  if (sorted.dicom.length > 0) {
    progress('DICOM');
    // Loaded when needed: its codecs take half a second.
    const { planDicomFiles } = await import('./dicom/index.ts');
    const dicom = await planDicomFiles(sorted.dicom, {
      signal: options.signal,
      onProgress: (filesDone) => {
        done = filesDone;
        progress('DICOM');
      },
    });
    plan.series.push(...dicom.series);
    plan.refused.push(...dicom.refused);
    done = sorted.dicom.length;
  }

  await addHeadersOfLoneData(sorted);
  const claimed = new Set<string>();
  const nameOf = patientNames(sorted.images.map(({ file }) => file));
  for (const { file, format } of sorted.images) {
    progress(file.shownPath);
    try {
      const { signal } = options;
      const series = await planImage(file, format, { patientName: nameOf(file), signal });
      plan.series.push(...series);
      for (const part of series[0]!.files) claimed.add(resolve(part.path));
    } catch (error) {
      options.signal?.throwIfAborted();
      plan.refused.push({ path: file.shownPath, issue: issueOf(error) });
    }
    done++;
  }
  for (const file of sorted.unknown) {
    if (claimed.has(resolve(file.path))) continue;
    plan.refused.push({ path: file.shownPath, issue: unknownFile(file) });
  }
  plan.refused.sort((a, b) => naturalOrder(a.path, b.path));
  return plan;
}

function issueOf(error: unknown) {
  if (error instanceof RefusedInput) return error.issue;
  const reason = error instanceof Error ? error.message : String(error);
  return refusal('unreadable-file', { reason });
}

const unknownFile = (file: InputFile) =>
  /^\.(raw|zraw|img|bin)$/i.test(extname(file.path))
    ? refusal('missing-companion-file', { file: `${stemOf(file.path)}.mhd / .nhdr / .hdr` })
    : refusal('not-an-image');

async function sortByContent(
  paths: readonly string[],
  plan: ImportPlan,
  options: PlanOptions,
): Promise<Sorted> {
  const { signal } = options;
  const sorted: Sorted = { dicom: [], images: [], unknown: [] };
  const walked = await walk(paths, { signal });
  plan.refused.push(...walked.refused);
  const queue = walked.files.map((file) => ({ file, depth: 0 }));
  for (let n = 0; n < queue.length; n++) {
    signal?.throwIfAborted();
    const { file, depth } = queue[n]!;
    options.onProgress?.({
      phase: 'looking',
      filesDone: n,
      filesTotal: queue.length,
      current: file.shownPath,
    });
    try {
      const head = await readHead(file.path);
      const found = sniff(head, file.path);
      if (found.is === 'dicom') sorted.dicom.push(file);
      else if (found.is === 'zip') {
        if (depth >= archiveDepth)
          throw new RefusedInput('unsupported-format', { format: 'zip in zip in zip' });
        const unpacked = await unpackZip(file, options);
        plan.refused.push(...unpacked.refused);
        queue.push(...unpacked.files.map((inner) => ({ file: inner, depth: depth + 1 })));
      } else if (found.is === 'unsupported') {
        throw new RefusedInput('unsupported-format', { format: found.format });
      } else if (found.is === 'not-an-image') throw new RefusedInput('not-an-image');
      else if (found.is !== 'unknown') sorted.images.push({ file, format: found.is });
      else if (looksLikeDicom(head) || isNamedDicom(file)) sorted.dicom.push(file);
      else sorted.unknown.push(file);
    } catch (error) {
      signal?.throwIfAborted();
      plan.refused.push({ path: file.shownPath, issue: issueOf(error) });
    }
  }
  return sorted;
}

/** So that a broken DICOM file is called that. */
const isNamedDicom = (file: InputFile) => /\.(dcm|dicom|ima)$/i.test(file.path);

/** A person who picks only the `.raw` means the image: the header that names it is taken. */
async function addHeadersOfLoneData(sorted: Sorted): Promise<void> {
  const known = new Set(sorted.images.map(({ file }) => resolve(file.path)));
  for (const data of sorted.unknown) {
    for (const header of await headersBeside(data)) {
      if (known.has(resolve(header.path))) continue;
      const found = sniff(await readHead(header.path), header.path);
      if (!isRawFormat(found.is) || !(await names(header, found.is, data))) continue;
      known.add(resolve(header.path));
      sorted.images.push({ file: header, format: found.is });
    }
  }
}

async function names(
  header: InputFile,
  format: RawImage['format'],
  data: InputFile,
): Promise<boolean> {
  try {
    const { files } = await readRawHeader(header, format);
    return files.some((file) => resolve(file.path) === resolve(data.path));
  } catch {
    return false;
  }
}

/**
 * Files without a patient are named after themselves, each its own patient: merging people by
 * accident would be worse than a long list. Equal names get their folder's in front.
 */
function patientNames(files: InputFile[]): (file: InputFile) => string {
  const counts = new Map<string, number>();
  for (const file of files) {
    const stem = stemOf(file.shownPath);
    counts.set(stem, (counts.get(stem) ?? 0) + 1);
  }
  return (file) => {
    const stem = stemOf(file.shownPath);
    const folder = basename(dirname(resolve(file.shownPath)));
    return counts.get(stem)! > 1 && folder ? `${folder}/${stem}` : stem;
  };
}
