import { type BrowserWindow, dialog, ipcMain } from 'electron';
import { z } from 'zod';
import { channels } from './channels.ts';
import { isOwnUrl } from './scheme.ts';

const request = z.enum(['files', 'folder']);

/** The system's own file dialogs; the answer is a list of paths, empty when it was cancelled. */
export function serveDialogs(window: BrowserWindow): void {
  ipcMain.handle(channels.chooseFiles, async (event, wanted: unknown): Promise<string[]> => {
    const kind = request.safeParse(wanted);
    if (!kind.success || !event.senderFrame || !isOwnUrl(event.senderFrame.url)) return [];
    const chosen = await dialog.showOpenDialog(window, {
      properties:
        kind.data === 'folder'
          ? ['openDirectory', 'multiSelections']
          : ['openFile', 'multiSelections'],
    });
    return chosen.canceled ? [] : chosen.filePaths;
  });
}
