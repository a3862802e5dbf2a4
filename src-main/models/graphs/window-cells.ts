/**
 * How an area of `rows` × `columns` tokens in raster order is cut into square windows, padded to the right and below.
 */
export interface WindowCells {
  /** Windows in all. */
  count: number;
  /** Row of each window cell, window by window, in raster order; the number of tokens where there is only padding. */
  toWindows: number[];
  /** Window cell of each token. */
  toTokens: number[];
}

export function windowCells(rows: number, columns: number, window: number): WindowCells {
  const [down, across] = [Math.ceil(rows / window), Math.ceil(columns / window)];
  const toWindows: number[] = [];
  const toTokens: number[] = new Array<number>(rows * columns).fill(0);
  for (let at = 0; at < down * across; at += 1) {
    for (let cell = 0; cell < window * window; cell += 1) {
      const y = Math.floor(at / across) * window + Math.floor(cell / window);
      const x = (at % across) * window + (cell % window);
      const inside = y < rows && x < columns;
      if (inside) toTokens[y * columns + x] = toWindows.length;
      toWindows.push(inside ? y * columns + x : rows * columns);
    }
  }
  return { count: down * across, toWindows, toTokens };
}
