import type { z } from 'zod';
import type {
  BoxRequest,
  BoxTarget,
  EditLabel,
  Segment,
  SegmentationState,
  StoredBox,
  timingsSchema,
} from '../../src-shared/contract/segmentation.ts';
import type { BoxPx } from '../../src-shared/geometry/box.ts';
import type { SliceAxis } from '../../src-shared/geometry/planes.ts';
import type { Result } from '../../src-shared/result.ts';
import type { ModelWindow } from '../../src-shared/window.ts';
import type { InferenceService } from '../inference/types.ts';
import type { LibraryDatabase } from '../library/database.ts';
import type { Voxels } from '../imaging/types.ts';
import type { NameLanguage } from './names.ts';
import type { RevisionEvent } from './revisions.ts';

export type Timings = z.infer<typeof timingsSchema>;

/** What segmentation asks of the model registry. */
export interface ModelChoice {
  defaultModelId(): string;
  resolve(modelId: string): Result<{
    sha256: string;
    manifest: {
      name: string;
      output?: { name: string; expectedDsc?: { lowBelow: number } | undefined };
    };
  }>;
}

/** What segmentation asks of the stored voxels; both throw LibraryError. */
export interface VolumeReader {
  /** All voxels, x-fastest, channels interleaved. Not to be written to. */
  readVolume(seriesId: string): Promise<{ voxels: Voxels }>;
  /** A copy of one slice, row by row (see `inSliceAxes`), channels interleaved. */
  readSlice(seriesId: string, axis: SliceAxis, index: number): Promise<Voxels>;
}

/** A log of one area; details first. */
export interface SegmentationLog {
  info(details: object, text: string): void;
  warn(details: object, text: string): void;
  error(details: object, text: string): void;
}

export interface SegmentationDependencies {
  database: LibraryDatabase;
  volumes: VolumeReader;
  inference: Pick<InferenceService, 'segmentBox' | 'refineBox' | 'modelView' | 'prefetch'>;
  models: ModelChoice;
  settings: { get(): { reader: string } };
  log: SegmentationLog;
  appVersion: string;
}

/** The contract's area `segmentation` (see there for every call) and its bytes. */
export interface SegmentationService {
  state(seriesId: string): Promise<Result<SegmentationState>>;
  /** The present revision at once, then every new one, until the signal aborts. */
  changes(seriesId: string, signal?: AbortSignal): AsyncGenerator<RevisionEvent, void>;
  addSegment(input: {
    seriesId: string;
    name?: string | undefined;
    colour?: string | undefined;
    lesionId?: string | undefined;
    nameLanguage?: NameLanguage | undefined;
  }): Promise<Result<Segment>>;
  /** Name and colour belong to the lesion: its segments in other series take them, too. */
  updateSegment(input: {
    segmentId: string;
    name?: string | undefined;
    colour?: string | undefined;
  }): Promise<Result<Segment>>;
  removeSegment(segmentId: string): Result<Record<string, never>>;
  preview(
    request: BoxRequest,
    signal?: AbortSignal,
  ): Promise<
    Result<{
      previewId: string;
      originPx: [number, number];
      sizePx: [number, number];
      areaPx: number;
      draft: boolean;
      timings: Timings;
    }>
  >;
  segment(request: BoxRequest & BoxTarget): Promise<Result<StoredBox>>;
  removeMask(maskId: string): Result<Record<string, never>>;
  undo(seriesId: string): Result<EditLabel>;
  redo(seriesId: string): Result<EditLabel>;
  modelView(
    request: BoxRequest,
  ): Promise<
    Result<{ url: string; widthPx: number; heightPx: number; sliceRectPx: BoxPx; recipe: string }>
  >;
  prefetch(input: {
    seriesId: string;
    axis: SliceAxis;
    sliceIndex: number;
    modelWindow: ModelWindow;
    modelId?: string | undefined;
  }): Promise<{ queued: number }>;
  /** For `burden.linkLesion`: a segment shows this lesion of its patient (null: one of its own). Undoable. */
  linkLesion(
    segmentId: string,
    lesionId: string | null,
    /** Of the new name where the segment shows a lesion of its own again. */
    nameLanguage?: NameLanguage,
  ): Result<{ lesionId: string }>;
  /** For `/mask/<maskId or previewId>`: one byte (0 or 1) per pixel of the rectangle, or null. */
  maskBytes(id: string): Uint8Array | null;
  /** For `/mask/<maskId>/border`: one level (0…15) per pixel of `uncertainRectPx`, or null. */
  borderBytes(maskId: string): Uint8Array | null;
  /** For `/model-view/<id>`: RGBA, or null when it is gone. */
  modelViewBytes(id: string): Uint8Array | null;
  /** Settles when the boxes that an earlier process left pending have been answered. */
  readonly resumed: Promise<void>;
  /** Stops; boxes still pending are answered when the application starts again. */
  close(): Promise<void>;
}
