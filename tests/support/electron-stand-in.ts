import { fork, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort } from 'node:worker_threads';

/**
 * Stands in for the module `electron` where its runtime cannot be had: it takes down what the shell
 * asks of Electron, and lets a test fire Electron's events. It knows nothing of the application.
 */
export interface Call {
  name: string;
  args: unknown[];
}

/** Everything asked for, in order. */
export const calls: Call[] = [];
const note = (name: string, ...args: unknown[]) => void calls.push({ name, args });

/** Arguments of all calls with this name. */
export const callsOf = (name: string): unknown[][] =>
  calls.filter((call) => call.name === name).map((call) => call.args);

/** What the next start of the shell meets. */
export const machine = {
  lockIsFree: true,
  locale: 'en-GB',
  pageLoads: true,
  chosenPaths: null as string[] | null,
};

class WebContents extends EventEmitter {
  openHandler: ((details: { url: string }) => { action: string }) | null = null;
  setWindowOpenHandler(handler: typeof this.openHandler) {
    this.openHandler = handler;
  }
  send(channel: string, ...args: unknown[]) {
    note('webContents.send', channel, ...args);
  }
  reload() {
    note('webContents.reload');
  }
}

export class BrowserWindow extends EventEmitter {
  static last: BrowserWindow | null = null;
  readonly webContents = new WebContents();
  minimized = false;
  constructor(options: unknown) {
    super();
    BrowserWindow.last = this;
    note('BrowserWindow', options);
    app.emit('web-contents-created', {}, this.webContents);
  }
  loadURL(url: string): Promise<void> {
    note('window.loadURL', url);
    return machine.pageLoads
      ? Promise.resolve()
      : Promise.reject(new Error(`ERR_FAILED (-2) loading '${url}'`));
  }
  show() {
    note('window.show');
  }
  focus() {
    note('window.focus');
  }
  restore() {
    this.minimized = false;
    note('window.restore');
  }
  isMinimized() {
    return this.minimized;
  }
}

/** Electron's quitting: `will-quit` may be prevented, and is fired again by the next `quit()`. */
class App extends EventEmitter {
  ready = Promise.withResolvers<void>();
  ended = Promise.withResolvers<number>();
  whenReady() {
    return this.ready.promise;
  }
  setPath(name: string, path: string) {
    note('app.setPath', name, path);
  }
  requestSingleInstanceLock() {
    note('app.requestSingleInstanceLock');
    return machine.lockIsFree;
  }
  enableSandbox() {
    note('app.enableSandbox');
  }
  getLocale() {
    return machine.locale;
  }
  quit() {
    note('app.quit');
    let prevented = false;
    this.emit('will-quit', { preventDefault: () => (prevented = true) });
    if (!prevented) this.ended.resolve(0);
  }
  exit(code: number) {
    note('app.exit', code);
    this.ended.resolve(code);
  }
}
export const app = new App();

class IpcMain extends EventEmitter {
  readonly handlers = new Map<string, (...args: never[]) => unknown>();
  handle(channel: string, handler: (...args: never[]) => unknown) {
    this.handlers.set(channel, handler);
  }
}
export const ipcMain = new IpcMain();

type Handler = (request: Request) => Promise<Response>;
export const protocol = {
  handlers: new Map<string, Handler>(),
  registerSchemesAsPrivileged(schemes: unknown) {
    note('protocol.registerSchemesAsPrivileged', schemes);
  },
  handle(scheme: string, handler: Handler) {
    this.handlers.set(scheme, handler);
  },
};

export const net = {
  /** Node's `fetch` knows no files, Electron's does. */
  fetch: async (url: string) => new Response(await readFile(fileURLToPath(url))),
};

type RequestDetails = { url: string; webContentsId?: number | undefined };
type BeforeRequest = (
  details: RequestDetails,
  answer: (response: { cancel: boolean }) => void,
) => void;
type Permission = (contents: unknown, permission: string, answer: (granted: boolean) => void, details: { requestingUrl: string }) => void; // prettier-ignore
const defaultSession = {
  permissionRequest: null as Permission | null,
  permissionCheck: null as ((contents: unknown, permission: string, origin: string) => boolean) | null, // prettier-ignore
  devicePermission: null as ((details: unknown) => boolean) | null,
  beforeRequest: null as BeforeRequest | null,
  setPermissionRequestHandler(handler: Permission) {
    this.permissionRequest = handler;
  },
  setPermissionCheckHandler(handler: NonNullable<typeof this.permissionCheck>) {
    this.permissionCheck = handler;
  },
  setDevicePermissionHandler(handler: NonNullable<typeof this.devicePermission>) {
    this.devicePermission = handler;
  },
  setSpellCheckerDictionaryDownloadURL(url: string) {
    note('session.setSpellCheckerDictionaryDownloadURL', url);
  },
  webRequest: {
    onBeforeRequest(handler: BeforeRequest) {
      defaultSession.beforeRequest = handler;
    },
  },
};
export const session = { defaultSession };

export const dialog = {
  showErrorBox(title: string, text: string) {
    note('dialog.showErrorBox', title, text);
  },
  async showOpenDialog(window: unknown, options: unknown) {
    note('dialog.showOpenDialog', window, options);
    return { canceled: machine.chosenPaths === null, filePaths: machine.chosenPaths ?? [] };
  },
};

interface MenuItem {
  label?: string;
  role?: string;
  click?: () => void;
  submenu?: MenuItem[];
}
export const Menu = {
  buildFromTemplate: (template: MenuItem[]) => template,
  setApplicationMenu(template: MenuItem[]) {
    note('Menu.setApplicationMenu', template);
  },
};

/** As in Electron: events with `data`, nothing heard before `start`, and no `addEventListener`. */
class MessagePortMain extends EventEmitter {
  readonly port: MessagePort;
  constructor(port: MessagePort) {
    super();
    this.port = port;
  }
  start() {
    this.port.on('message', (data) => this.emit('message', { data, ports: [] }));
    this.port.on('close', () => this.emit('close'));
  }
  postMessage(message: unknown) {
    this.port.postMessage(message);
  }
  close() {
    this.port.close();
  }
}
export class MessageChannelMain {
  readonly port1: MessagePortMain;
  readonly port2: MessagePortMain;
  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.port1 = new MessagePortMain(port1);
    this.port2 = new MessagePortMain(port2);
  }
}

/** A utility process that is a child of Node's: the real entry runs, and a kill meets a real process. */
class UtilityProcess extends EventEmitter {
  readonly child: ChildProcess;
  readonly stderr;
  constructor(file: string) {
    super();
    this.child = fork(file, [], {
      serialization: 'advanced',
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.stderr = this.child.stderr;
    this.child.on('message', (message) => this.emit('message', message));
    this.child.on('exit', (code) => this.emit('exit', code ?? 1));
  }
  get pid() {
    return this.child.exitCode === null && this.child.signalCode === null
      ? this.child.pid
      : undefined;
  }
  postMessage(message: unknown) {
    note('utilityProcess.postMessage', message);
    this.child.send(message as object, () => undefined);
  }
  kill() {
    note('utilityProcess.kill');
    return this.child.kill();
  }
}
export const utilityProcess = {
  last: null as UtilityProcess | null,
  fork(file: string, ...rest: unknown[]) {
    note('utilityProcess.fork', file, ...rest);
    this.last = new UtilityProcess(file);
    return this.last;
  },
};

export const contextBridge = {
  exposeInMainWorld(key: string, value: unknown) {
    note('contextBridge.exposeInMainWorld', key, value);
  },
};
class IpcRenderer extends EventEmitter {
  send(channel: string, ...args: unknown[]) {
    note('ipcRenderer.send', channel, ...args);
  }
  async invoke(channel: string, ...args: unknown[]) {
    note('ipcRenderer.invoke', channel, ...args);
    return [];
  }
}
export const ipcRenderer = new IpcRenderer();
export const webUtils = { getPathForFile: (file: File) => `/picked/${file.name}` };

/** Forgets what was noted, so that the next test starts with a fresh Electron. */
export function forgetAll(): void {
  calls.length = 0;
  Object.assign(machine, { lockIsFree: true, locale: 'en-GB', pageLoads: true, chosenPaths: null });
  app.removeAllListeners();
  app.ready = Promise.withResolvers();
  app.ended = Promise.withResolvers();
  ipcMain.removeAllListeners();
  ipcMain.handlers.clear();
  protocol.handlers.clear();
  BrowserWindow.last = null;
}
