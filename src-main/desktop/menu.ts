import { type BrowserWindow, Menu, type MenuItemConstructorOptions } from 'electron';
import { channels } from './channels.ts';

/** What a menu entry asks of the page; the page owns the words and the doing. */
export type MenuCommand = 'import-files' | 'import-folder' | 'shortcuts' | 'about';

const texts = {
  en: { file: 'File', files: 'Import Files…', folder: 'Import Folder…', edit: 'Edit', view: 'View', help: 'Help', shortcuts: 'Keyboard Shortcuts', about: 'About MedSAM Workstation' },
  'zh-CN': { file: '文件', files: '导入文件…', folder: '导入文件夹…', edit: '编辑', view: '视图', help: '帮助', shortcuts: '键盘快捷键', about: '关于 MedSAM Workstation' },
} as const; // prettier-ignore

/** The menu bar. Undo and redo are left to the page, where they mean steps of the segmentation. */
export function installMenu(window: BrowserWindow, language: keyof typeof texts): void {
  const words = texts[language];
  const ask = (command: MenuCommand) => () => window.webContents.send(channels.menu, command);
  const template: MenuItemConstructorOptions[] = [
    ...(process.platform === 'darwin' ? [{ role: 'appMenu' } as const] : []),
    {
      label: words.file,
      submenu: [
        { label: words.files, accelerator: 'CmdOrCtrl+O', click: ask('import-files') },
        { label: words.folder, accelerator: 'CmdOrCtrl+Shift+O', click: ask('import-folder') },
        { type: 'separator' },
        { role: process.platform === 'darwin' ? 'close' : 'quit' },
      ],
    },
    { label: words.edit, submenu: [{ role: 'cut' }, { role: 'copy' }, { role: 'paste' }, { role: 'selectAll' }] },
    { label: words.view, submenu: [{ role: 'togglefullscreen' }, { role: 'toggleDevTools' }] },
    {
      label: words.help,
      submenu: [
        { label: words.shortcuts, click: ask('shortcuts') },
        { label: words.about, click: ask('about') },
      ],
    },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
