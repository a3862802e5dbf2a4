import type { VolumeGeometry } from '../../src-shared/geometry/volume-geometry.ts';
import { composeBlock } from './mask-composite.ts';
import type { PlacedMask } from './mask-composite.ts';
import { touchingParts } from './segment-masks.ts';
import type { Surface } from './surface.ts';
import { SurfaceMaker } from './surfaces.ts';

/** Where surfaces are shown. */
export interface SurfaceScene {
  setSurface(id: string, surface: Surface | null, colour: string, visible: boolean): void;
  removeSurface(id: string): void;
}

export interface ShownSegment {
  id: string;
  colour: string;
  visible: boolean;
  masks: readonly PlacedMask[];
}

interface Part {
  masks: readonly PlacedMask[];
  /** The part's name in the scene. */
  id: string;
  made: boolean;
}

interface Known {
  masks: readonly PlacedMask[];
  colour: string;
  visible: boolean;
  parts: Part[];
  /** Parts of before that stay on screen until all of the new ones are made. */
  outdated: Part[];
}

/**
 * Keeps the surfaces of a scene in step with the segments. Each part of a segment that hangs together
 * has a surface of its own, and only parts whose masks changed are made anew.
 */
export class SegmentSurfaces {
  readonly #scene: SurfaceScene;
  readonly #geometry: VolumeGeometry;
  readonly #changed: () => void;
  readonly #failed: () => void;
  readonly #known = new Map<string, Known>();
  #maker: Pick<SurfaceMaker, 'make' | 'dispose'> | null;
  #next = 0;
  #disposed = false;

  /** `changed` is called when a surface came in, `failed` when one could not be made. */
  constructor(
    scene: SurfaceScene,
    geometry: VolumeGeometry,
    changed: () => void,
    failed: () => void,
    maker: Pick<SurfaceMaker, 'make' | 'dispose'> | null = null,
  ) {
    this.#scene = scene;
    this.#geometry = geometry;
    this.#changed = changed;
    this.#failed = failed;
    this.#maker = maker;
  }

  /** Says whether the picture changed at once; surfaces that are made come later. */
  show(segments: readonly ShownSegment[]): boolean {
    let changed = false;
    const ids = new Set(segments.map(({ id }) => id));
    for (const [id, known] of this.#known) {
      if (ids.has(id)) continue;
      this.#remove([...known.parts, ...known.outdated]);
      this.#known.delete(id);
      changed = true;
    }
    for (const segment of segments) changed = this.#showOne(segment) || changed;
    return changed;
  }

  #showOne({ id, colour, visible, masks }: ShownSegment): boolean {
    const before = this.#known.get(id);
    const known: Known = { masks, colour, visible, parts: before?.parts ?? [], outdated: before?.outdated ?? [] };
    this.#known.set(id, known);
    const relooked = before !== undefined && (before.colour !== colour || before.visible !== visible);
    if (relooked) {
      for (const part of [...known.parts, ...known.outdated]) {
        if (part.made) this.#scene.setSurface(part.id, null, colour, visible);
      }
    }
    if (before?.masks === masks) return relooked;
    const kept = new Map(known.parts.map((part) => [keyOf(part.masks), part]));
    known.parts = touchingParts(masks).map((part) => {
      const same = kept.get(keyOf(part));
      if (same) kept.delete(keyOf(part));
      return same ?? { masks: part, id: `${id} ${this.#next++}`, made: false };
    });
    known.outdated.push(...[...kept.values()].filter((part) => part.made));
    for (const part of known.parts) if (!part.made) this.#make(id, part);
    return this.#dropOutdated(known) || relooked;
  }

  #make(segmentId: string, part: Part): void {
    const block = composeBlock(part.masks, 1);
    if (!block) {
      part.made = true;
      return;
    }
    this.#maker ??= new SurfaceMaker();
    this.#maker.make(block, this.#geometry).then(
      (surface) => {
        const known = this.#known.get(segmentId);
        if (this.#disposed || !known?.parts.includes(part)) return;
        part.made = true;
        this.#scene.setSurface(part.id, surface, known.colour, known.visible);
        this.#dropOutdated(known);
        this.#changed();
      },
      () => this.#disposed || this.#failed(),
    );
  }

  #dropOutdated(known: Known): boolean {
    if (known.outdated.length === 0 || !known.parts.every((part) => part.made)) return false;
    this.#remove(known.outdated);
    known.outdated = [];
    return true;
  }

  #remove(parts: readonly Part[]): void {
    for (const part of parts) this.#scene.removeSurface(part.id);
  }

  dispose(): void {
    this.#disposed = true;
    this.#maker?.dispose();
    this.#known.clear();
  }
}

const numbers = new WeakMap<PlacedMask, number>();
let nextNumber = 0;
/** The same for the same masks; masks never change. */
const keyOf = (masks: readonly PlacedMask[]): string =>
  masks
    .map((mask) => {
      if (!numbers.has(mask)) numbers.set(mask, nextNumber++);
      return numbers.get(mask);
    })
    .join();
