/** Marks what a network is given that is not part of the slice: a violet that no grey picture has. */
export const outsideColour = [88, 40, 120] as const;
