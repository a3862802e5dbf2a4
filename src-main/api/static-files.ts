import { realpathSync } from 'node:fs';
import { extname, join, sep } from 'node:path';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

/**
 * The file of the renderer's bundle that a URL path asks for, or null. The resolved path must lie
 * inside the bundle (links included), whatever the request's encoding.
 */
export function rendererFile(rendererFolder: string, pathname: string): { path: string; type: string } | null {
  let decoded: string;
  try {
    decoded = decodeURIComponent(pathname);
  } catch {
    return null;
  }
  if (decoded.includes('\0') || decoded.includes('\\')) return null;
  const type = types[decoded === '/' ? '.html' : extname(decoded)];
  if (!type) return null;
  try {
    const root = realpathSync(rendererFolder);
    const path = realpathSync(join(root, decoded === '/' ? 'index.html' : decoded));
    return path.startsWith(root + sep) ? { path, type } : null;
  } catch {
    return null;
  }
}
