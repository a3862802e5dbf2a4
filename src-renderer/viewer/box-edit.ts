import type { BoxPx } from '../../src-shared/geometry/box.ts';
import { applyAffine } from './pane-transform.ts';
import type { Affine, Point } from './pane-transform.ts';

/** Which edges of a box are held: null holds none, so that {x: null, y: null} moves the whole box. */
export interface BoxGrab {
  x: 'x0' | 'x1' | null;
  y: 'y0' | 'y1' | null;
}

const edgeReachCss = 6;
const cornerReachCss = 9;

/**
 * What a press at `atCss` would take hold of: a corner (within 9 CSS pixels), an edge (within 6),
 * the inside, or nothing. Of two opposite edges both in reach (a tiny box) the nearer one is taken.
 */
export function hitBox(box: BoxPx, toPane: Affine, atCss: Point): BoxGrab | null {
  const a = applyAffine(toPane, [box[0], box[1]]);
  const b = applyAffine(toPane, [box[2], box[3]]);
  // With a swap of axes slice x runs down the pane; measured per slice axis it stays one rule.
  const swapped = Math.abs(toPane[0]) < Math.abs(toPane[2]);
  const along = swapped ? 1 : 0;
  const across = swapped ? 0 : 1;
  const distance = (n: 0 | 1): { near0: number; near1: number; inside: boolean } => ({
    near0: Math.abs(atCss[n] - a[n]),
    near1: Math.abs(atCss[n] - b[n]),
    inside: (atCss[n] - a[n]) * (atCss[n] - b[n]) <= 0,
  });
  const dx = distance(along);
  const dy = distance(across);
  const nearX = (reach: number) =>
    Math.min(dx.near0, dx.near1) > reach ? null : dx.near0 <= dx.near1 ? 'x0' : 'x1';
  const nearY = (reach: number) =>
    Math.min(dy.near0, dy.near1) > reach ? null : dy.near0 <= dy.near1 ? 'y0' : 'y1';
  const cornerX = nearX(cornerReachCss);
  const cornerY = nearY(cornerReachCss);
  if (cornerX && cornerY) return { x: cornerX, y: cornerY };
  const edgeX = nearX(edgeReachCss);
  const edgeY = nearY(edgeReachCss);
  if (edgeX && dy.inside) return { x: edgeX, y: null };
  if (edgeY && dx.inside) return { x: null, y: edgeY };
  return dx.inside && dy.inside ? { x: null, y: null } : null;
}

/** The mouse cursor for a grab, as it looks on the pane. */
export function grabCursor(grab: BoxGrab | null, toPane: Affine): string {
  if (!grab) return 'crosshair';
  const swapped = Math.abs(toPane[0]) < Math.abs(toPane[2]);
  if (grab.x && grab.y) {
    const [a, b, c, d] = toPane;
    // The direction on screen from the box's centre to the held corner.
    const sx = grab.x === 'x0' ? -1 : 1;
    const sy = grab.y === 'y0' ? -1 : 1;
    return (a * sx + c * sy) * (b * sx + d * sy) > 0 ? 'nwse-resize' : 'nesw-resize';
  }
  if (grab.x) return swapped ? 'ns-resize' : 'ew-resize';
  if (grab.y) return swapped ? 'ew-resize' : 'ns-resize';
  return 'move';
}

/** A box between two points of the slice, on whole pixels, inside the slice, at least one pixel wide. */
export function boxBetween(from: Point, to: Point, [width, height]: Point): BoxPx {
  const span = (p: number, q: number, size: number): [number, number] => {
    const low = Math.min(Math.max(Math.round(Math.min(p, q)), 0), size - 1);
    const high = Math.min(Math.max(Math.round(Math.max(p, q)), low + 1), size);
    return [low, high];
  };
  const [x0, x1] = span(from[0], to[0], width);
  const [y0, y1] = span(from[1], to[1], height);
  return [x0, y0, x1, y1];
}

/** The box with the held edges at `to` (or moved from `from` to `to`), kept on the slice and upright. */
export function dragBox(box: BoxPx, grab: BoxGrab, from: Point, to: Point, sizePx: Point): BoxPx {
  if (!grab.x && !grab.y) return moveBox(box, to[0] - from[0], to[1] - from[1], sizePx);
  const [x0, y0, x1, y1] = box;
  const shiftX = to[0] - from[0];
  const shiftY = to[1] - from[1];
  const [fixedX, freeX] =
    grab.x === 'x0' ? [x1, x0 + shiftX] : grab.x === 'x1' ? [x0, x1 + shiftX] : [x0, x1];
  const [fixedY, freeY] =
    grab.y === 'y0' ? [y1, y0 + shiftY] : grab.y === 'y1' ? [y0, y1 + shiftY] : [y0, y1];
  return boxBetween([fixedX, fixedY], [freeX, freeY], sizePx);
}

/** The box moved by whole pixels, its size kept, stopped by the slice's border. */
export function moveBox(
  [x0, y0, x1, y1]: BoxPx,
  dx: number,
  dy: number,
  [width, height]: Point,
): BoxPx {
  const mx = Math.min(Math.max(Math.round(dx), -x0), width - x1);
  const my = Math.min(Math.max(Math.round(dy), -y0), height - y1);
  return [x0 + mx, y0 + my, x1 + mx, y1 + my];
}

/** The slice-pixel step that a step on the screen (right, down) means: for nudging with arrow keys. */
export function screenStep(toPane: Affine, [right, down]: Point): Point {
  const [a, b, c, d] = toPane;
  const swapped = Math.abs(a) < Math.abs(c);
  return swapped
    ? [Math.sign(b) * down, Math.sign(c) * right]
    : [Math.sign(a) * right, Math.sign(d) * down];
}

export const sameBox = (a: BoxPx, b: BoxPx): boolean => a.every((v, n) => v === b[n]);
