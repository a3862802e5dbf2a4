export { decodeDicomSeries, type DecodeOptions } from './decode.ts';
export { looksLikeDicom } from './looks-like-dicom.ts';
export { planDicomFiles, type DicomPlan, type PlanOptions } from './plan.ts';
