/** Hands an iterator's values on as a generator, which is what event iterators are made of. */
export async function* disposable<T>(iterator: AsyncIterable<T>): AsyncGenerator<T> {
  yield* iterator;
}
