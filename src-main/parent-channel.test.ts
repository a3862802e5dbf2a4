import { afterEach, describe, expect, it } from 'vitest';
import { parentChannel } from './parent-channel.ts';

const host = process as { parentPort?: unknown };

describe('the channel to the parent', () => {
  afterEach(() => {
    delete host.parentPort;
  });

  it('is Electron’s port in a utility process, whose messages come wrapped in an event', () => {
    const sent: unknown[] = [];
    let deliver: (event: { data: unknown }) => void = () => undefined;
    host.parentPort = {
      postMessage: (message: unknown) => sent.push(message),
      on: (_: 'message', listener: typeof deliver) => (deliver = listener),
    };
    const channel = parentChannel();
    const heard: unknown[] = [];
    channel.onMessage((message) => heard.push(message));
    channel.send({ type: 'ready' });
    deliver({ data: { id: 1 } });
    expect(sent).toEqual([{ type: 'ready' }]);
    expect(heard).toEqual([{ id: 1 }]);
  });
});
