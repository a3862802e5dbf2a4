/**
 * Where a file of the application really is on disk. Electron's `fs` reads inside the archive, but
 * native code (onnxruntime opening a model) and other processes do not: what they are given lies
 * beside it, in `app.asar.unpacked`. Paths outside an archive stay as they are.
 */
export function unpackedPath(path: string): string {
  return path.replace(/([\\/]app\.asar)(?=[\\/]|$)/, '$1.unpacked');
}
