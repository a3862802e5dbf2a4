const base = '1.2.840.10008.5.1.4.1.1.';

/** Storage classes whose objects hold no picture of their own that could be segmented. */
const notImages: Record<string, string> = {
  '1.2.840.10008.1.3.10': 'Media Storage Directory',
  '1.2.840.10008.5.1.4.1.1.4.2': 'MR Spectroscopy',
  [`${base}11.1`]: 'Grayscale Softcopy Presentation State',
  [`${base}11.2`]: 'Color Softcopy Presentation State',
  [`${base}11.3`]: 'Pseudo-Color Softcopy Presentation State',
  [`${base}11.4`]: 'Blending Softcopy Presentation State',
  [`${base}30`]: 'Parametric Map',
  [`${base}66`]: 'Raw Data',
  [`${base}66.1`]: 'Spatial Registration',
  [`${base}66.2`]: 'Spatial Fiducials',
  [`${base}66.3`]: 'Deformable Spatial Registration',
  [`${base}66.4`]: 'Segmentation',
  [`${base}66.5`]: 'Surface Segmentation',
  [`${base}66.6`]: 'Tractography Results',
  [`${base}66.7`]: 'Label Map Segmentation',
  [`${base}67`]: 'Real World Value Mapping',
  [`${base}77.1.6`]: 'VL Whole Slide Microscopy Image (tiled)',
  [`${base}91.1`]: 'Microscopy Bulk Simple Annotations',
  [`${base}88.11`]: 'Basic Text SR',
  [`${base}88.22`]: 'Enhanced SR',
  [`${base}88.33`]: 'Comprehensive SR',
  [`${base}88.34`]: 'Comprehensive 3D SR',
  [`${base}88.40`]: 'Procedure Log',
  [`${base}88.50`]: 'Mammography CAD SR',
  [`${base}88.59`]: 'Key Object Selection Document',
  [`${base}88.65`]: 'Chest CAD SR',
  [`${base}88.67`]: 'X-Ray Radiation Dose SR',
  [`${base}104.1`]: 'Encapsulated PDF',
  [`${base}104.2`]: 'Encapsulated CDA',
  [`${base}104.3`]: 'Encapsulated STL',
  [`${base}481.2`]: 'RT Dose',
  [`${base}481.3`]: 'RT Structure Set',
  [`${base}481.4`]: 'RT Beams Treatment Record',
  [`${base}481.5`]: 'RT Plan',
  [`${base}481.8`]: 'RT Ion Plan',
  [`${base}9.1.1`]: '12-lead ECG Waveform',
  [`${base}9.1.2`]: 'General ECG Waveform',
  [`${base}9.1.3`]: 'Ambulatory ECG Waveform',
  [`${base}9.2.1`]: 'Hemodynamic Waveform',
};

export const dicomDirectoryClass = '1.2.840.10008.1.3.10';

/** Name of a storage class that is not imported as an image; null when it may hold one. */
export function nonImageClassName(sopClassUid: string): string | null {
  const name = notImages[sopClassUid];
  if (name) return name;
  if (sopClassUid.startsWith(`${base}88.`)) return `Structured Report (${sopClassUid})`;
  if (sopClassUid.startsWith(`${base}9.`)) return `Waveform (${sopClassUid})`;
  if (sopClassUid.startsWith(`${base}11.`)) return `Presentation State (${sopClassUid})`;
  if (sopClassUid.startsWith(`${base}104.`)) return `Encapsulated Document (${sopClassUid})`;
  return null;
}

const projectionClasses = [
  `${base}1`,
  `${base}1.1`,
  `${base}1.1.1`,
  `${base}1.2`,
  `${base}1.2.1`,
  `${base}1.3`,
  `${base}1.3.1`,
];
const singlePictureModalities = new Set([
  'CR',
  'DX',
  'MG',
  'IO',
  'PX',
  'OP',
  'XC',
  'SM',
  'GM',
  'DMS',
]);

/** Classes and modalities whose pictures are views of their own, never slices of something. */
export const isSinglePicture = (sopClassUid: string, modality: string): boolean =>
  projectionClasses.includes(sopClassUid) || singlePictureModalities.has(modality);

/** Modalities whose pictures are cross-sections, so that a missing position is a defect. */
export const isCrossSectional = (modality: string): boolean =>
  ['CT', 'MR', 'PT'].includes(modality);
