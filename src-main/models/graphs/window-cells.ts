/**
 * How a square of side² tokens in raster order is cut into windows, padded to the right and below.
 */
export interface WindowCells {
  /** Windows in all. */
  count: number;
  /** Row of each window cell, window by window, in raster order; `side²` where there is only padding. */
  toWindows: number[];
  /** Window cell of each token. */
  toTokens: number[];
}

export function windowCells(side: number, window: number): WindowCells {
  const across = Math.ceil(side / window);
  const toWindows: number[] = [];
  const toTokens: number[] = new Array<number>(side * side).fill(0);
  for (let down = 0; down < across; down += 1) {
    for (let right = 0; right < across; right += 1) {
      for (let cell = 0; cell < window * window; cell += 1) {
        const y = down * window + Math.floor(cell / window);
        const x = right * window + (cell % window);
        const inside = y < side && x < side;
        if (inside) toTokens[y * side + x] = toWindows.length;
        toWindows.push(inside ? y * side + x : side * side);
      }
    }
  }
  return { count: across * across, toWindows, toTokens };
}
