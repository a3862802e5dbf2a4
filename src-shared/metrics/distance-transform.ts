/**
 * Exact Euclidean distance transform on an anisotropic grid, after P. F. Felzenszwalb and
 * D. P. Huttenlocher, "Distance Transforms of Sampled Functions", Theory of Computing 8 (2012):
 * one lower envelope of parabolas per line and axis, in float64.
 *
 * The transform yields the nearest site of every element rather than its distance, so that the
 * distance is then computed once from whole-number offsets and carries no accumulated rounding:
 * a tolerance compared with `≤` depends on that.
 */

/**
 * For each element the linear index of the nearest site (an element with `isSite` ≠ 0), or −1
 * everywhere when there is none.
 * @param isSite grid of `size` elements, first axis fastest
 * @param size elements per axis, any number of axes
 * @param spacing distance of neighbours per axis, in the order of `size`
 */
export function nearestSites(
  isSite: Uint8Array,
  size: readonly number[],
  spacing: readonly number[],
): Int32Array {
  const total = size.reduce((product, n) => product * n, 1);
  if (isSite.length !== total) {
    throw new RangeError(`The grid has ${total} elements but ${isSite.length} were given.`);
  }
  const squared = new Float64Array(total);
  const sites = new Int32Array(total);
  for (let n = 0; n < total; n++) {
    squared[n] = isSite[n] ? 0 : Infinity;
    sites[n] = isSite[n] ? n : -1;
  }
  let stride = 1;
  size.forEach((length, axis) => {
    if (length > 1) sweep(squared, sites, length, stride, spacing[axis]!);
    stride *= length;
  });
  return sites;
}

/** One pass along an axis: replaces squared distances and sites by those of the lower envelope. */
function sweep(
  squared: Float64Array,
  sites: Int32Array,
  length: number,
  stride: number,
  spacing: number,
): void {
  const envelope = new Int32Array(length);
  const from = new Float64Array(length + 1);
  const heights = new Float64Array(length);
  const lineSites = new Int32Array(length);
  const block = stride * length;
  for (let start = 0; start < squared.length; start += block) {
    for (let inner = 0; inner < stride; inner++) {
      const first = start + inner;
      let parabolas = 0;
      for (let q = 0; q < length; q++) {
        const height = squared[first + q * stride]!;
        heights[q] = height;
        lineSites[q] = sites[first + q * stride]!;
        if (height === Infinity) continue;
        let crossing = -Infinity;
        while (parabolas > 0) {
          crossing = intersection(envelope[parabolas - 1]!, q, heights, spacing);
          if (crossing > from[parabolas - 1]!) break;
          parabolas--;
          crossing = -Infinity;
        }
        envelope[parabolas] = q;
        from[parabolas] = crossing;
        parabolas++;
      }
      if (parabolas === 0) continue;
      from[parabolas] = Infinity;
      let current = 0;
      for (let q = 0; q < length; q++) {
        while (from[current + 1]! < q) current++;
        const site = envelope[current]!;
        const offset = (q - site) * spacing;
        squared[first + q * stride] = heights[site]! + offset * offset;
        sites[first + q * stride] = lineSites[site]!;
      }
    }
  }
}

/** Where (in elements) the parabola rooted at q gets below that rooted at p, p < q. */
function intersection(p: number, q: number, heights: Float64Array, spacing: number): number {
  return (p + q + (heights[q]! - heights[p]!) / (spacing * spacing * (q - p))) / 2;
}

/**
 * Distances, in the unit of `spacing`, from the given elements to the sites that
 * {@link nearestSites} found; Infinity when there are no sites.
 */
export function distancesAt(
  elements: Int32Array,
  sites: Int32Array,
  size: readonly number[],
  spacing: readonly number[],
): Float64Array {
  return Float64Array.from(elements, (element) => {
    const site = sites[element]!;
    if (site < 0) return Infinity;
    let a = element;
    let b = site;
    let sum = 0;
    for (let axis = 0; axis < size.length; axis++) {
      const length = size[axis]!;
      const offset = ((a % length) - (b % length)) * spacing[axis]!;
      sum += offset * offset;
      a = Math.floor(a / length);
      b = Math.floor(b / length);
    }
    return Math.sqrt(sum);
  });
}
