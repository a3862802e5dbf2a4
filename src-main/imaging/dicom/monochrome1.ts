import type { Window } from '../../../src-shared/window.ts';
import type { ImageHeader } from './header-types.ts';

/**
 * MONOCHROME1 shows high values dark. Pictures without a unit are turned round on import, so that
 * bright is high everywhere. CT and PET keep their values: there MONOCHROME1 only asks for an
 * inverted display, and a Hounsfield unit must stay one.
 */
export const invertsOnImport = ({ layout, modality, valueUnit }: ImageHeader): boolean =>
  layout.photometric === 'MONOCHROME1' &&
  modality !== 'CT' &&
  modality !== 'PT' &&
  valueUnit !== 'HU';

/** The window of values v turned into sum − v; `null` leaves it as it is. */
export const invertedWindow = (window: Window, sum: number | null): Window =>
  sum === null ? window : { level: sum - window.level, width: window.width };
