/** Equal rectangles of tokens, each in raster order. */
export interface Rectangles {
  groups: number;
  height: number;
  width: number;
}

/** Tokens of a picture that go through a block together: their numbers in the picture's raster, rectangle by rectangle. */
export interface Strip extends Rectangles {
  tokens: number[];
}

/** Numbers from 0 on. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

/** Strips of at most `most` whole rows of a picture of `side`² tokens. */
export function rowStrips(side: number, most: number): Strip[] {
  return upTo(Math.ceil(side / most)).map((at) => {
    const [first, height] = [at * most * side, Math.min(most, side - at * most)];
    return {
      groups: 1,
      height,
      width: side,
      tokens: upTo(height * side).map((token) => first + token),
    };
  });
}

/**
 * A picture of `side`² tokens cut into square windows from its upper left corner. Where the side is no multiple of
 * `window`, the windows at the right and at the bottom hold fewer tokens. Windows of one shape are a strip; of whole
 * windows, each row.
 */
export function windowStrips(side: number, window: number): Strip[] {
  const starts = upTo(Math.ceil(side / window)).map((at) => at * window);
  const whole = starts.filter((start) => start + window <= side);
  const cut = starts.filter((start) => start + window > side);
  const strips = [
    ...whole.map((top) => ({ tops: [top], lefts: whole })),
    { tops: whole, lefts: cut },
    { tops: cut, lefts: whole },
    { tops: cut, lefts: cut },
  ];
  return strips
    .filter(({ tops, lefts }) => tops.length * lefts.length > 0)
    .map(({ tops, lefts }) => {
      const height = Math.min(window, side - tops[0]!);
      const width = Math.min(window, side - lefts[0]!);
      const inside = upTo(height * width).map((at) => Math.floor(at / width) * side + (at % width));
      const corners = tops.flatMap((top) => lefts.map((left) => top * side + left));
      const tokens = corners.flatMap((corner) => inside.map((token) => corner + token));
      return { groups: corners.length, height, width, tokens };
    });
}

/** Where each of `order`'s numbers stands in it; `order` holds every number from 0 on once. */
export function inverse(order: readonly number[]): number[] {
  const places = new Array<number>(order.length);
  order.forEach((number, at) => (places[number] = at));
  return places;
}
