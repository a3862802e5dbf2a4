import { createHash } from 'node:crypto';
import { openSync, closeSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../tests/support/inference.ts';
import { tinyPromptableManifest } from '../../tests/support/tiny-models.ts';
import { checkedModelFile } from './model-files.ts';

it('holds a file too large for one piece to its hash, to the last byte', async () => {
  const folder = temporaryFolder();
  const bytes = Buffer.alloc(65 * 1024 ** 2 + 7, 'weights');
  const path = join(folder, 'weights.bin');
  writeFileSync(path, bytes);
  const model = { folder, manifest: tinyPromptableManifest };
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const file = { path: 'weights.bin', sha256, sizeBytes: bytes.length };
  expect(await checkedModelFile(model, file)).toEqual({ ok: true, value: { path, bytes: null } });

  const descriptor = openSync(path, 'r+');
  writeSync(descriptor, Buffer.of(0), 0, 1, bytes.length - 1);
  closeSync(descriptor);
  expect(await checkedModelFile(model, file)).toMatchObject({
    ok: false,
    error: { code: 'model-damaged' },
  });
});
