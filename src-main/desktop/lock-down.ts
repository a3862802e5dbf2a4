import type { App as ElectronApp, Session, WebContents } from 'electron';
import { isOwnUrl } from './scheme.ts';

/** Schemes that stay inside the renderer's process. */
const inner = ['blob:', 'data:', 'devtools:'];

/** Copying text, e.g. an import's summary; reading the clipboard stays denied. */
const granted = (permission: string, askedBy: string) =>
  permission === 'clipboard-sanitized-write' && isOwnUrl(askedBy);

/**
 * Nothing leaves this machine: every request that is not the application's own is cancelled, every
 * permission but copying is denied, and no page may navigate, open windows or attach web views.
 */
export function lockDown(electronApp: ElectronApp, session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, answer, details) =>
    answer(granted(permission, details.requestingUrl)),
  );
  session.setPermissionCheckHandler((_contents, permission, origin) => granted(permission, origin));
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest(({ url, webContentsId }, answer) => {
    // Main itself reads the renderer's bundle and volumes from disk on behalf of the page.
    const readByMain = webContentsId === undefined && url.startsWith('file:');
    const allowed = isOwnUrl(url) || readByMain || inner.some((scheme) => url.startsWith(scheme));
    answer({ cancel: !allowed });
  });
  session.setSpellCheckerDictionaryDownloadURL('app://workstation/no-dictionaries/');
  electronApp.on('web-contents-created', (_event, contents) => confine(contents));
}

function confine(contents: WebContents): void {
  contents.on('will-navigate', (event) => {
    if (!isOwnUrl(event.url)) event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}
