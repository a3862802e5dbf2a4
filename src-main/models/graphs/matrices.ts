/*
 * Matrices worked out from a checkpoint's tensors when a model is added, in double precision, row by row.
 */

export interface Matrix {
  rows: number;
  columns: number;
  /** [rows · columns] */
  values: Float64Array;
}

/** Numbers [rows, columns] as a matrix. */
export function matrix(values: ArrayLike<number>, columns: number): Matrix {
  return { rows: values.length / columns, columns, values: Float64Array.from(values) };
}

export function transposed({ rows, columns, values }: Matrix): Matrix {
  const turned = new Float64Array(values.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      turned[column * rows + row] = values[row * columns + column]!;
    }
  }
  return { rows: columns, columns: rows, values: turned };
}

/** Every column times a number of its own: M·diag(factors). */
export function columnsTimes({ rows, columns, values }: Matrix, factors: ArrayLike<number>) {
  const scaled = values.map((value, at) => value * factors[at % columns]!);
  return { rows, columns, values: scaled };
}

/** Every row less its mean, M·(I − 1·1ᵀ/columns): what M makes of a vector less its mean. */
export function rowsCentred({ rows, columns, values }: Matrix): Matrix {
  const centred = values.slice();
  for (let row = 0; row < rows; row += 1) {
    const own = centred.subarray(row * columns, (row + 1) * columns);
    const mean = own.reduce((sum, value) => sum + value, 0) / columns;
    for (let column = 0; column < columns; column += 1) own[column]! -= mean;
  }
  return { rows, columns, values: centred };
}

/** M·x, plus `added` where given. */
export function times(
  { rows, columns, values }: Matrix,
  vector: ArrayLike<number>,
  added?: ArrayLike<number>,
): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => {
    let sum = added?.[row] ?? 0;
    for (let column = 0; column < columns; column += 1) {
      sum += values[row * columns + column]! * vector[column]!;
    }
    return sum;
  });
}
