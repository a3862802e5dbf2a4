import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { WebSocket } from 'ws';
import type { contract } from '../../src-shared/contract/index.ts';

export interface HostClient {
  api: ContractRouterClient<typeof contract>;
  close(): void;
}

/** Uses up one address of a running browser host and talks to it as its page would. */
export async function connectToHost(address: string): Promise<HostClient> {
  const { origin, host } = new URL(address);
  const opened = await fetch(address, { redirect: 'manual' });
  const cookie = opened.headers.get('set-cookie')?.split(';')[0];
  if (!cookie) throw new Error(`The host refused the address: ${opened.status}`);
  const socket = new WebSocket(`ws://${host}/rpc`, { headers: { Cookie: cookie, Origin: origin } });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return {
    api: createORPCClient(new RPCLink({ websocket: socket as unknown as globalThis.WebSocket })),
    close: () => socket.close(),
  };
}
