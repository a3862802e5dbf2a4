/** A seeded generator of numbers in [0, 1) (xorshift32): the sample patient is the same on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Numbers of the standard normal distribution to draw from by index: far cheaper than making each anew. */
export function gaussianTable(seed: number, size = 1 << 16): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: size }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    return radius * Math.cos(2 * Math.PI * random());
  });
}
