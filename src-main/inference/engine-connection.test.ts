import { describe, expect, it, onTestFinished } from 'vitest';
import { connectEngine } from './engine-connection.ts';
import { forkEngine, type EngineProcess } from './engine-process.ts';
import type { EngineRequest } from './engine/messages.ts';

async function connected(spawn: () => EngineProcess = forkEngine) {
  const connection = await connectEngine(spawn, 30_000);
  if (!connection.ok) throw new Error(connection.error.detail);
  onTestFinished(() => connection.value.kill('the test is over'));
  return connection.value;
}

describe('the connection to an engine process', () => {
  it('gets a sentence for what the engine does not know, and the engine goes on', async () => {
    const engine = await connected();
    const unknown = await engine.request({ type: 'dance' } as unknown as EngineRequest, 10_000);
    expect(unknown).toMatchObject({
      kind: 'answered',
      result: { ok: false, error: { code: 'internal' } },
    });
    const backends = await engine.request({ type: 'backends' }, 30_000);
    expect(backends).toMatchObject({
      result: { ok: true, value: { names: expect.arrayContaining(['cpu']) } },
    });
  });

  it('does not take an answer that is not as agreed', async () => {
    const engine = await connected(() => {
      const real = forkEngine();
      return {
        ...real,
        onMessage: (listener) =>
          real.onMessage((message) => {
            const { type, id } = message as { type: string; id?: number };
            listener(
              type === 'answer'
                ? { type, id, result: { ok: true, value: { names: 'cpu' } } }
                : message,
            );
          }),
      };
    });
    const answer = await engine.request({ type: 'backends' }, 30_000);
    expect(answer).toMatchObject({
      result: {
        ok: false,
        error: { code: 'internal', detail: expect.stringContaining('not as agreed') },
      },
    });
  });

  it('says how a process ended, and answers at once after that', async () => {
    const engine = await connected();
    engine.kill('the test wants it');
    expect(await engine.gone).toBe('The engine was ended: the test wants it');
    expect(engine.ended).toBe(true);
    expect(await engine.request({ type: 'backends' }, 1000)).toMatchObject({ kind: 'ended' });
  });
});
