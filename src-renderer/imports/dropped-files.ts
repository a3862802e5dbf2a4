/** A file with its path below what was dropped or chosen. */
export interface ChosenFile {
  file: File;
  relativePath: string;
}

/** All files of a drop, folders read recursively. */
export async function droppedFiles(transfer: DataTransfer): Promise<ChosenFile[]> {
  // Entries must be taken before the first await: afterwards the browser has emptied the transfer.
  const dropped = [...transfer.items]
    .filter((item) => item.kind === 'file')
    .map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const files: ChosenFile[] = [];
  for (const { entry, file } of dropped) {
    if (entry) await collect(entry, files);
    // What another program hands over without a place on the disk.
    else if (file) files.push({ file, relativePath: file.name });
  }
  return files;
}

async function collect(entry: FileSystemEntry, files: ChosenFile[]): Promise<void> {
  const relativePath = entry.fullPath.replace(/^\//, '');
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    files.push({ file, relativePath });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A reader gives at most 100 entries at a time, and none when it is done.
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return;
    for (const child of part) await collect(child, files);
  }
}

/** The files of a file input; `webkitRelativePath` is set when a folder was chosen. */
export function chosenFiles(list: FileList): ChosenFile[] {
  return [...list].map((file) => ({ file, relativePath: file.webkitRelativePath || file.name }));
}
