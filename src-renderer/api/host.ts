/** What the preload script of the desktop host puts into the page. */
interface DesktopHost {
  kind: 'desktop';
  /** Asks main for the contract's port; it arrives as the window message `workstation:port`. */
  connect(): void;
  pathOfFile(file: File): string;
  chooseFiles(kind: 'files' | 'folder'): Promise<string[]>;
  onMenuCommand(listener: (command: string) => void): void;
}

declare global {
  interface Window {
    medsamHost?: DesktopHost;
  }
}

/** The desktop's bridge, or null when the page is served by the browser host. */
export const desktopHost: DesktopHost | null = window.medsamHost ?? null;
