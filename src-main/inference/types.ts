import type { BoxPx } from '../../src-shared/geometry/box.ts';
import type {
  EngineStatus,
  ExecutionProvider,
  ProviderCheck,
  ProviderProbe,
} from '../../src-shared/contract/models.ts';
import type { Result } from '../../src-shared/result.ts';
import type { Voxels } from '../imaging/types.ts';
import type { CheckOptions } from './model-checks.ts';
import type { ModelTrial, Trial } from './model-trial.ts';

/** One slice as it is stored, upright or not: the model's frame is that of the stored lattice unless flipped. */
export interface SliceImage {
  data: Voxels;
  widthPx: number;
  heightPx: number;
  channels: 1 | 3;
  /** Stored intensities that become 0 and 255 in the model's view. */
  intensityRange: [number, number];
  /** MedSAM's MR recipe keeps exact zeros (background) at 0. */
  zeroStaysZero: boolean;
  /** The stored values are Hounsfield units, which some models need. */
  isHounsfield: boolean;
  /** To show the slice upright to the model; boxes and masks stay in stored pixels. */
  flip: { x: boolean; y: boolean };
  /** Identity of the slice's content and intensity mapping, for caches (hash or series/axis/index/window). */
  contentKey: string;
  /** The series it is a slice of, with which all goes that is kept of it; null for a slice of none. */
  seriesId: string | null;
}

export interface BoxJob {
  modelId: string;
  slice: SliceImage;
  boxPx: BoxPx;
}

/** The mask of one box, in stored slice pixels, cropped to `originPx` and `sizePx`. One byte (0/1) per pixel. */
export interface BoxMask {
  originPx: [number, number];
  sizePx: [number, number];
  bits: Uint8Array;
  areaPx: number;
  modelSha256: string;
  recipe: string;
  provider: ExecutionProvider;
  /** Null when the model has no encoder. */
  encoderMs: number | null;
  decoderMs: number;
  embeddingCached: boolean;
  /** The DSC (0…1) that the model expects of this mask; 0 also for "nothing there". Null when it does not say. */
  expectedDsc: number | null;
  /** Null when the recipe does not give it. */
  probability: ProbabilityMap | null;
  /** Made with a less exact encoder (int8): the exact mask follows. */
  draft: boolean;
}

/**
 * How sure the model is of each pixel, calibrated: 0…255 for 0…1, row by row, in stored slice pixels. It covers all that
 * the model looked at, so it reaches beyond the mask; the mask is where it is above the model's threshold.
 */
export interface ProbabilityMap {
  originPx: [number, number];
  sizePx: [number, number];
  bytes: Uint8Array;
}

/** The picture a network is given, as RGBA bytes, and the part of the slice it shows (edges, stored pixels). */
export interface ModelView {
  rgba: Uint8Array;
  widthPx: number;
  heightPx: number;
  sliceRectPx: BoxPx;
  recipe: string;
}

/** What the rest of the application may ask of inference. */
export interface InferenceService {
  /**
   * Interactive. Calls with the same `lane` supersede each other: only the newest runs, older ones fail with `superseded`.
   * With `draft` the answer may be a draft where drafts are wanted, the model has them, and the slice is new.
   */
  segmentBox(
    job: BoxJob,
    options: { lane?: string; signal?: AbortSignal; draft?: boolean },
  ): Promise<Result<BoxMask>>;
  /** The exact mask after a draft: once no box waits, before background work. */
  refineBox(job: BoxJob, options: { signal?: AbortSignal }): Promise<Result<BoxMask>>;
  /** Many boxes on one slice in as few runs as the model allows; masks in the order of the boxes. */
  segmentBoxes(
    job: Omit<BoxJob, 'boxPx'> & { boxesPx: BoxPx[] },
    options: { signal?: AbortSignal },
  ): Promise<Result<BoxMask[]>>;
  modelView(job: BoxJob): Promise<Result<ModelView>>;
  /** Queues slices for background encoding, nearest first; a new call replaces the queue. Returns how many were queued. */
  prefetch(modelId: string, slices: SliceImage[]): number;
  status(): EngineStatus;
  onStatus(listener: (status: EngineStatus) => void): () => void;
  close(): Promise<void>;
}

/** What only the composition root and the models area ask beside that. */
export interface InferenceController extends InferenceService {
  /**
   * Lets go of all that was made from these series, which were removed from the library: boxes that wait, embeddings in
   * memory and on disk. Never fails: what cannot be erased now is erased later, at the next start at the latest.
   */
  forgetSeries(seriesIds: readonly string[]): void;
  /** As `forgetSeries`, for all that is kept of other series than `livingSeries` says (asked after the cache). */
  forgetOtherSeries(livingSeries: () => readonly string[]): void;
  /** Starts the engine and loads a model before the first box; problems show in the status. */
  warmUp(modelId: string): Promise<void>;
  /**
   * Checks a model's files against their hashes and its numbers against its own reference, on the CPU and on each
   * other provider of this machine, in processes of their own.
   */
  verifyModel(modelId: string, options?: CheckOptions): Promise<Result<ModelVerification>>;
  /** Runs a model, installed or not, on one slice and box; see `model-trial.ts`. */
  tryModel(trial: Trial, signal?: AbortSignal): Promise<Result<ModelTrial>>;
  /** The last results of `verifyModel` on this machine, by the model's SHA-256. */
  checksOf(modelSha256: string): ProviderCheck[];
  /** Settings that changed: the limit of the embeddings on disk, and whether drafts are wanted. */
  setOptions(options: { embeddingCacheBytes: number; drafts: boolean }): void;
  /** The provider for all boxes from now on. */
  setProvider(provider: ExecutionProvider | 'auto'): void;
  /** Tries the execution providers of this machine; `anew` also where results are kept from before. */
  probeProviders(options?: { anew?: boolean }): Promise<ProviderProbe[]>;
}

export interface ModelVerification {
  modelId: string;
  verified: boolean;
  checks: { name: string; passed: boolean; detail: string }[];
  /** One entry for each provider it ran on; none when the model has no reference numbers. */
  providers: ProviderCheck[];
}
