import { readonly, ref } from 'vue';
import { RPCLink as MessagePortLink } from '@orpc/client/message-port';
import { RPCLink as SocketLink } from '@orpc/client/websocket';
import { desktopHost } from './host.ts';

type Link = SocketLink<Record<never, never>> | MessagePortLink<Record<never, never>>;

const state = ref<'connecting' | 'connected' | 'lost'>('connecting');

/** Whether main can be asked; shown as a banner when it is lost. */
export const connectionState = readonly(state);

/** Counts successful connections: who holds an event stream starts it again when this rises. */
export const connectionCount = ref(0);

let current: Promise<Link> | null = null;

/** The link to main; made on first use, and anew after it was lost. */
export function link(): Promise<Link> {
  current ??= desktopHost ? connectPort() : connectSocket();
  return current;
}

function connected(): void {
  state.value = 'connected';
  connectionCount.value++;
}

function connectPort(): Promise<Link> {
  return new Promise((resolve) => {
    window.addEventListener('message', function receive(event) {
      const [port] = event.ports;
      if (event.source !== window || event.data !== 'workstation:port' || !port) return;
      window.removeEventListener('message', receive);
      port.start();
      connected();
      resolve(new MessagePortLink({ port }));
    });
    desktopHost!.connect();
  });
}

const retryMs = 1000;

function connectSocket(): Promise<Link> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/rpc`);
    socket.addEventListener('open', () => {
      connected();
      resolve(new SocketLink({ websocket: socket }));
    });
    socket.addEventListener('close', () => {
      state.value = 'lost';
      current = null;
      // Tried again by itself, so that the page comes back when the host does.
      setTimeout(() => void link().then(resolve), retryMs);
    });
  });
}
