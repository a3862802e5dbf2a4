import type { Page } from 'playwright-core';

/*
 * Times that the window takes of itself (user timings, `src-renderer/viewer/marks.ts`): each ends when its result is
 * painted.
 */

export const measures = (page: Page, name: string): Promise<number[]> =>
  page.evaluate(
    (wanted) => performance.getEntriesByName(wanted, 'measure').map(({ duration }) => duration),
    name,
  );

/** Waits until the page has taken one more measurement of this name. */
export async function nextMeasure(
  page: Page,
  name: string,
  work: () => Promise<void>,
): Promise<number> {
  const before = (await measures(page, name)).length;
  await work();
  await page.waitForFunction(
    ([wanted, count]) =>
      performance.getEntriesByName(wanted as string, 'measure').length > (count as number),
    [name, before] as const,
    // Not with every frame, as is usual: the frames asked for would be measured as well.
    { timeout: 120_000, polling: 50 },
  );
  return (await measures(page, name)).at(-1)!;
}

/** Goes to a page of the application without loading it anew. */
export async function visit(page: Page, route: string): Promise<void> {
  await page.goto(`${new URL(page.url()).origin}/#${route}`);
}

/** How a box is drawn: at once, or as slowly as by hand, when its own previews are under way as the pointer goes up. */
export interface Drag {
  steps: number;
  pauseMs: number;
}

/** Draws a box from corner to corner, in pixels of the page; pointer up to painted mask, in ms. */
export async function drawBox(
  page: Page,
  [from, to]: [[number, number], [number, number]],
  { steps, pauseMs }: Drag,
): Promise<number> {
  await page.mouse.move(...from);
  await page.mouse.down();
  for (let step = 1; step <= steps; step++) {
    const along = step / steps;
    await page.mouse.move(from[0] + (to[0] - from[0]) * along, from[1] + (to[1] - from[1]) * along);
    await page.waitForTimeout(pauseMs);
  }
  return nextMeasure(page, 'box-to-mask', () => page.mouse.up());
}

/** The next box is a segment of its own, as if the one before were another lesion. */
export async function beginSegment(page: Page): Promise<void> {
  const segments = await page.getByTestId('segment').count();
  await page.keyboard.press('n');
  await page.getByTestId('segment').nth(segments).waitFor();
}
