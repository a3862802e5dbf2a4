import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Chromium, Chrome or Edge on this machine, or null. Only these open a page as an app window. */
export function findBrowser(): string | null {
  const chosen = process.env.MEDSAM_WORKSTATION_BROWSER;
  const candidates = [...(chosen ? [chosen] : []), ...installedPlaces()];
  return candidates.find((path) => existsSync(path)) ?? null;
}

function installedPlaces(): string[] {
  if (process.platform === 'darwin') {
    return ['Google Chrome', 'Chromium', 'Microsoft Edge'].map(
      (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
    );
  }
  if (process.platform === 'win32') {
    const roots = [
      process.env.PROGRAMFILES,
      process.env['PROGRAMFILES(X86)'],
      process.env.LOCALAPPDATA,
    ].filter((root) => root !== undefined);
    const programs = ['Google\\Chrome\\Application\\chrome.exe', 'Microsoft\\Edge\\Application\\msedge.exe'];
    return roots.flatMap((root) => programs.map((program) => join(root, program)));
  }
  const names = [
    'chromium',
    'chromium-browser',
    'google-chrome',
    'google-chrome-stable',
    'microsoft-edge',
  ];
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => join(folder, name)));
}
