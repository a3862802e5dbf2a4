import { ipcMain, MessageChannelMain } from 'electron';
import { RPCHandler } from '@orpc/server/message-port';
import type { App } from '../app.ts';
import { router } from '../api/router.ts';
import { channels } from './channels.ts';
import { isOwnUrl } from './scheme.ts';

/** Gives a page that asks for it one end of a message port; the contract is answered at the other. */
export function serveContract(app: App): void {
  const handler = new RPCHandler(router);
  ipcMain.on(channels.connect, (event) => {
    if (!event.senderFrame || !isOwnUrl(event.senderFrame.url)) return;
    const { port1, port2 } = new MessageChannelMain();
    handler.upgrade(port1, { context: { app } });
    port1.start();
    event.senderFrame.postMessage(channels.port, null, [port2]);
  });
}
