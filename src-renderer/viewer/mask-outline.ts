/**
 * The border of a mask along pixel edges, as straight runs [x0, y0, x1, y1] in pixels of the mask's
 * rectangle. Collinear edges of neighbouring pixels are one run.
 */
export function outlineRuns(bits: Uint8Array, [width, height]: readonly [number, number]): number[] {
  const runs: number[] = [];
  const at = (x: number, y: number): number =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : bits[x + y * width]!;
  for (let y = 0; y <= height; y++) {
    let start = -1;
    for (let x = 0; x <= width; x++) {
      const edge = x < width && at(x, y - 1) !== at(x, y);
      if (edge && start < 0) start = x;
      if (!edge && start >= 0) {
        runs.push(start, y, x, y);
        start = -1;
      }
    }
  }
  for (let x = 0; x <= width; x++) {
    let start = -1;
    for (let y = 0; y <= height; y++) {
      const edge = y < height && at(x - 1, y) !== at(x, y);
      if (edge && start < 0) start = y;
      if (!edge && start >= 0) {
        runs.push(x, start, x, y);
        start = -1;
      }
    }
  }
  return runs;
}
