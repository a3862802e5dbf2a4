import type { OpenSeries } from '../../src-shared/contract/series.ts';
import type { Window } from '../../src-shared/window.ts';

export type VolumePresetName = 'ct-bone' | 'ct-soft-tissue' | 'ct-lung' | 'mr' | 'mip';

export interface VolumePreset {
  name: VolumePresetName;
  blend: 'composite' | 'maximum';
  /** [stored value, opacity per unit distance] and [stored value, red, green, blue], rising. */
  opacity: readonly (readonly [number, number])[];
  colour: readonly (readonly [number, number, number, number])[];
  shade: boolean;
}

const ct: Record<'ct-bone' | 'ct-soft-tissue' | 'ct-lung', Omit<VolumePreset, 'name'>> = {
  'ct-bone': {
    blend: 'composite',
    shade: true,
    opacity: [[120, 0], [220, 0.12], [500, 0.55], [1500, 0.85]],
    colour: [[120, 0.55, 0.32, 0.22], [300, 0.86, 0.75, 0.6], [700, 0.96, 0.92, 0.84], [1500, 1, 1, 0.98]],
  },
  'ct-soft-tissue': {
    blend: 'composite',
    shade: true,
    opacity: [[-160, 0], [0, 0.02], [60, 0.16], [160, 0.35], [400, 0.7]],
    colour: [[-160, 0.5, 0.28, 0.2], [20, 0.72, 0.4, 0.32], [100, 0.86, 0.56, 0.44], [300, 0.95, 0.87, 0.76], [1000, 1, 1, 1]],
  },
  'ct-lung': {
    blend: 'composite',
    shade: false,
    opacity: [[-1000, 0], [-930, 0], [-820, 0.03], [-600, 0.08], [-400, 0.04], [-150, 0], [3000, 0]],
    colour: [[-1000, 0.3, 0.4, 0.5], [-800, 0.55, 0.68, 0.8], [-500, 0.9, 0.82, 0.8], [-150, 1, 0.9, 0.85]],
  },
}; // prettier-ignore

/** Presets that make sense for a series; the first one is shown first. */
export function volumePresets(
  open: Pick<OpenSeries, 'percentileRange' | 'valueRange'> & { series: Pick<OpenSeries['series'], 'modality'> },
  window: Window,
): VolumePreset[] {
  const mip: VolumePreset = {
    name: 'mip',
    blend: 'maximum',
    shade: false,
    opacity: [[window.level - window.width / 2, 0], [window.level + window.width / 2, 1]],
    colour: [[window.level - window.width / 2, 0, 0, 0], [window.level + window.width / 2, 1, 1, 1]],
  }; // prettier-ignore
  if (open.series.modality === 'CT') {
    const named = (Object.keys(ct) as (keyof typeof ct)[]).map((name) => ({ name, ...ct[name] }));
    return [...named, mip];
  }
  const [low, high] = open.percentileRange;
  const at = (fraction: number) => low + fraction * Math.max(high - low, Number.EPSILON);
  return [
    {
      name: 'mr',
      blend: 'composite',
      shade: true,
      opacity: [[at(0.12), 0], [at(0.3), 0.05], [at(0.6), 0.2], [at(1), 0.7]],
      colour: [[at(0.1), 0.25, 0.18, 0.16], [at(0.4), 0.62, 0.5, 0.44], [at(0.7), 0.88, 0.8, 0.72], [at(1), 1, 1, 1]],
    },
    mip,
  ]; // prettier-ignore
}
