/** What a model expects of its mask, as provenance keeps it. */
export interface Confidence {
  /** DSC (0…1) that the model expects; null (or missing, in older records) when it does not say. */
  expectedDsc?: number | null;
  /** Below this its manifest asks for a warning. */
  lowBelow?: number | null;
}

/** Whether a mask is to be marked as doubtful. A model that says nothing is never marked. */
export function isLowConfidence(confidence: Confidence | null | undefined): boolean {
  const { expectedDsc, lowBelow } = confidence ?? {};
  return expectedDsc != null && lowBelow != null && expectedDsc < lowBelow;
}

/** From which probability to which a pixel counts as an uncertain border. */
export const uncertainBand = { from: 0.2, to: 0.8 } as const;

/** Steps of stored probabilities: 0…15 for 0…1. */
export const borderLevels = 15;
