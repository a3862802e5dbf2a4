import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createJobQueue } from './job-queue.ts';

describe('the job queue', () => {
  it('gives interactive jobs as they came, then background jobs in the order given', () => {
    const queue = createJobQueue<{ name: string; lane?: string }>();
    queue.replaceBackground([{ name: 'near' }, { name: 'far' }]);
    queue.addInteractive({ name: 'first' });
    queue.addInteractive({ name: 'second' });
    const order = [queue.take(), queue.take(), queue.take(), queue.take(), queue.take()];
    expect(order.map((taken) => taken?.job.name)).toEqual([
      'first',
      'second',
      'near',
      'far',
      undefined,
    ]);
    expect(order.map((taken) => taken?.background)).toEqual([false, false, true, true, undefined]);
  });

  it('takes an unfinished job back as the first of its kind, unless it was passed by', () => {
    const queue = createJobQueue<{ name: string; lane?: string }>();
    queue.replaceBackground([{ name: 'near' }, { name: 'far' }]);
    expect(queue.take()!.putBack()).toBe(true);
    queue.addRefining({ name: 'exact' });
    queue.addInteractive({ name: 'box', lane: 'a' });
    const box = queue.take()!;
    queue.addInteractive({ name: 'other', lane: 'b' });
    expect(box.putBack()).toBe(true);
    expect(queue.take()!.job.name).toBe('box');
    queue.addInteractive({ name: 'newer', lane: 'a' });
    expect(box.putBack()).toBe(false);
    const order = [queue.take(), queue.take(), queue.take()].map((taken) => taken?.job.name);
    expect(order).toEqual(['other', 'newer', 'exact']);
    const near = queue.take()!;
    queue.replaceBackground([{ name: 'elsewhere' }]);
    expect([near.job.name, near.putBack(), queue.take()?.job.name]).toEqual([
      'near',
      false,
      'elsewhere',
    ]);
    expect(queue.length).toBe(0);
  });

  it('loses no job and gives none twice, whatever comes in which order', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('add' as const), lane: fc.constantFrom('a', 'b', undefined) }),
      fc.record({ do: fc.constant('replace' as const), count: fc.integer({ min: 0, max: 3 }) }),
      fc.record({ do: fc.constant('refine' as const) }),
      fc.record({ do: fc.constant('take' as const), unfinished: fc.boolean() }),
      fc.record({ do: fc.constant('remove' as const), index: fc.nat(30) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const queue = createJobQueue<{ id: number; lane?: string | undefined }>();
        const made: { id: number; lane?: string | undefined }[] = [];
        const out: number[] = [];
        const make = (lane?: string) => {
          const job = { id: made.length, lane };
          made.push(job);
          return job;
        };
        for (const one of steps) {
          if (one.do === 'add')
            out.push(...queue.addInteractive(make(one.lane)).map(({ id }) => id));
          else if (one.do === 'replace') {
            out.push(
              ...queue
                .replaceBackground(Array.from({ length: one.count }, () => make()))
                .map(({ id }) => id),
            );
          } else if (one.do === 'take') {
            const taken = queue.take();
            if (taken && !(one.unfinished && taken.putBack())) out.push(taken.job.id);
          } else if (one.do === 'refine') {
            queue.addRefining(make());
          } else {
            const job = made[one.index];
            if (job && queue.remove(job)) out.push(job.id);
          }
          expect(queue.length).toBe(made.length - out.length);
        }
        out.push(...queue.clear().map(({ id }) => id));
        expect(out.sort((a, b) => a - b)).toEqual(made.map(({ id }) => id));
      }),
    );
  });
});
