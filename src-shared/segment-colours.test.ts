import { expect, test } from 'vitest';
import { nextColour, segmentColours } from './segment-colours.ts';

test('colours are all used once before one is used again', () => {
  const used: string[] = [];
  for (let n = 0; n < segmentColours.length; n++) used.push(nextColour(used));
  expect(new Set(used).size).toBe(segmentColours.length);
  expect(nextColour([...used, segmentColours[0]])).toBe(segmentColours[1]);
  expect(nextColour(['#123456'])).toBe(segmentColours[0]);
});

test('every colour stands out from black, and no two are the same to the eye', () => {
  const channels = (colour: string) =>
    [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
  const linear = (value: number) =>
    value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  // WCAG's contrast against black.
  for (const colour of segmentColours) {
    const [red, green, blue] = channels(colour).map(linear);
    const luminance = 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
    expect((luminance + 0.05) / 0.05, colour).toBeGreaterThan(4);
  }
  for (const [n, a] of segmentColours.entries())
    for (const b of segmentColours.slice(n + 1)) {
      const [first, second] = [channels(a), channels(b)];
      expect(
        Math.hypot(...first.map((value, at) => value - second[at]!)),
        `${a} ${b}`,
      ).toBeGreaterThan(0.15);
    }
});
