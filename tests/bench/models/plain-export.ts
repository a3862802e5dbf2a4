import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Architecture } from '../../../src-main/models/graphs/types.ts';

const script = fileURLToPath(new URL('../plain_export.py', import.meta.url));

/** The first Python that has torch. */
const pythonWithTorch = () =>
  ['/usr/bin/python3', 'python3', 'python'].find(
    (python) => spawnSync(python, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0,
  );

/** What `torch.onnx.export` makes of the same weights: encoder.onnx and decoder.onnx; or why there is none. */
export function plainExport(
  folder: string,
  architecture: Architecture,
  say: (text: string) => void,
): { encoder: string; decoder: string } | { missing: string } {
  const files = { encoder: join(folder, 'encoder.onnx'), decoder: join(folder, 'decoder.onnx') };
  if (existsSync(files.decoder)) return files;
  const python = pythonWithTorch();
  if (!python) return { missing: 'no Python with torch was found' };
  say(`Exporting ${architecture} with torch (a minute or two) …`);
  const { status, stderr } = spawnSync(
    python,
    [script, '--architecture', architecture, '--out', folder],
    { encoding: 'utf8' },
  );
  return status === 0 ? files : { missing: `torch.onnx.export failed: ${stderr.slice(-300)}` };
}
