import { describe, expect, it } from 'vitest';
import { Previews, type BoxAsk } from './box-asks.ts';

const ask = (seriesId: string, x1: number): BoxAsk => ({
  series: { id: seriesId } as BoxAsk['series'],
  axis: 'k',
  sliceIndex: 3,
  boxPx: [10, 10, x1, 20],
  modelWindow: { kind: 'named', name: 'soft-tissue' },
  modelId: 'any',
});

describe('previews under way', () => {
  const begin = (previews: Previews, one: BoxAsk) => {
    let signal: AbortSignal | undefined;
    let finish = () => {};
    const done = previews.run(one, (ending) => {
      signal = ending;
      return new Promise<void>((resolve) => (finish = resolve));
    });
    return { signal: signal!, done, finish };
  };

  it('end when another box of their series is stored, so that it need not wait', () => {
    const previews = new Previews();
    const other = begin(previews, ask('ct', 20));
    const same = begin(previews, ask('ct', 21));
    const elsewhere = begin(previews, ask('mr', 20));
    previews.endOthers(ask('ct', 21));
    expect([other, same, elsewhere].map(({ signal }) => signal.aborted)).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('are left alone once they are answered', async () => {
    const previews = new Previews();
    const answered = begin(previews, ask('ct', 20));
    answered.finish();
    await answered.done;
    previews.endOthers(ask('ct', 21));
    expect(answered.signal.aborted).toBe(false);
  });
});
