import { describe, expect, it } from 'vitest';
import { contourLengths, surfelAreas } from './surface-elements.ts';

describe('surface elements', () => {
  const unit = surfelAreas([1, 1, 1]);

  it('have the known sizes of marching cubes in a unit cell', () => {
    expect(unit[0]).toBe(0);
    expect(unit[255]).toBe(0);
    const corner = Math.sqrt(3) / 8;
    expect(unit[0b00000001]).toBeCloseTo(corner, 12);
    expect(unit[0b00000011]).toBeCloseTo(Math.SQRT1_2, 12); // an edge: a rectangle 1 × √½
    expect(unit[0b00001111]).toBeCloseTo(1, 12); // a face
    expect(unit[0b10000001]).toBeCloseTo(2 * corner, 12); // opposite corners of the cell
    expect(unit[0b00000110]).toBeCloseTo(2 * corner, 12); // opposite corners of a face, cut off singly
    expect(unit[0b01101001]).toBeCloseTo(4 * corner, 12); // every other corner
    expect(unit[0b00010111]).toBeCloseTo((3 * Math.sqrt(3)) / 4, 12); // a corner and its neighbours: a hexagon
    expect(unit[0b00000111]).toBeCloseTo(0.5 + 0.375 * Math.sqrt(3), 12); // three in an L
    expect(unit[0b00100111]).toBeCloseTo(0.5 * Math.sqrt(3) + Math.SQRT1_2, 12); // a path of four
  });

  it('are the same for a code and its complement', () => {
    const areas = surfelAreas([0.6, 1.7, 3]);
    for (let code = 0; code < 256; code++) expect(areas[code]).toBeCloseTo(areas[255 - code]!, 12);
  });

  it('scale with spacing along the right axes', () => {
    const areas = surfelAreas([2, 3, 5]);
    expect(areas[0b00001111]).toBeCloseTo(6, 12); // lower and upper z differ: the face spans x and y
    expect(areas[0b00110011]).toBeCloseTo(10, 12);
    expect(areas[0b01010101]).toBeCloseTo(15, 12);
  });

  it('have the known contour lengths', () => {
    const lengths = contourLengths([3, 4]);
    expect(lengths[0b0001]).toBe(2.5);
    expect(lengths[0b0111]).toBe(2.5);
    expect(lengths[0b0011]).toBe(3);
    expect(lengths[0b1100]).toBe(3);
    expect(lengths[0b0101]).toBe(4);
    expect(lengths[0b0110]).toBe(5);
    expect([lengths[0], lengths[15]]).toEqual([0, 0]);
  });
});
