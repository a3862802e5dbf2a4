import { contextBridge, ipcRenderer, webUtils } from 'electron';
import { channels } from './channels.ts';

/**
 * The only bridge between the sandboxed page and main. It hands over the port of the contract, and
 * the few things that a page cannot do itself: paths of dropped files, native dialogs, menu commands.
 */
contextBridge.exposeInMainWorld('medsamHost', {
  kind: 'desktop',
  /** The port arrives as a window message `workstation:port` with the port attached. */
  connect: () => ipcRenderer.send(channels.connect),
  pathOfFile: (file: File) => webUtils.getPathForFile(file),
  chooseFiles: (kind: 'files' | 'folder') => ipcRenderer.invoke(channels.chooseFiles, kind),
  onMenuCommand: (listener: (command: string) => void) => {
    ipcRenderer.on(channels.menu, (_event, command: string) => listener(command));
  },
});

ipcRenderer.on(channels.port, (event) => {
  window.postMessage(channels.port, window.location.origin, event.ports);
});
