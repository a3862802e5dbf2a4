export * from './imports.ts';
export * from './patients.ts';
export * from './segmentation.ts';
export * from './series.ts';
export * from './settings.ts';
