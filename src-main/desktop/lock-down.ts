import type { App as ElectronApp, Session, WebContents } from 'electron';
import { applicationOrigin } from './scheme.ts';

const ownUrl = (url: string) => url.startsWith(`${applicationOrigin}/`);

/** Schemes that stay inside the renderer's process. */
const inner = ['blob:', 'data:', 'devtools:'];

/**
 * Nothing leaves this machine: every request that is not the application's own is cancelled, every
 * permission is denied, and no page may navigate, open windows or attach web views.
 */
export function lockDown(electronApp: ElectronApp, session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest((details, answer) => {
    const own = ownUrl(details.url) || inner.some((scheme) => details.url.startsWith(scheme));
    answer({ cancel: !own });
  });
  session.setSpellCheckerDictionaryDownloadURL(`${applicationOrigin}/no-dictionaries/`);
  electronApp.on('web-contents-created', (_event, contents) => confine(contents));
}

function confine(contents: WebContents): void {
  contents.on('will-navigate', (event) => {
    if (!ownUrl(event.url)) event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}
