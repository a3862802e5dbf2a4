import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createApp } from '../../src-main/app.ts';
import { startBrowserHost } from '../../src-main/browser-host/server.ts';
import type { Result } from '../../src-shared/result.ts';
import { connectToHost } from '../support/host-client.ts';
import { temporaryFolder } from '../support/inference.ts';

const value = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`);
  return result.value;
};

test('what a window uploaded and did not use goes when the window is closed; another window’s stays', async () => {
  const libraryDir = temporaryFolder();
  const app = await createApp({ libraryDir, host: 'cli' });
  const host = await startBrowserHost({ app, rendererFolder: '', giveUpUploadsAfterMs: 100 });
  onTestFinished(async () => {
    await host.close();
    await app.close();
  });
  const staging = () => readdirSync(join(libraryDir, 'staging'));
  /** Half a model and half an import, as a window leaves them that is closed in the middle. */
  async function uploads() {
    const { api, close } = await connectToHost(host.newAddress());
    const { stageId } = value(await api.models.stage());
    writeFileSync(value(app.adding.stagedFilePath(stageId, 'medsam.pth')), 'half');
    const { importId } = value(await api.imports.stage());
    writeFileSync(value(await app.imports.stagedFilePath(importId, 'ct/1.dcm')), 'half');
    return { close, stageId };
  }
  const [closed, open] = [await uploads(), await uploads()];
  expect(staging()).toHaveLength(4);
  closed.close();
  while (staging().length > 2) await new Promise((resolve) => setTimeout(resolve, 20));
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(staging()).toHaveLength(2);
  expect(app.adding.stagedFilePath(closed.stageId, 'more')).toMatchObject({ ok: false });
  expect(app.adding.stagedFilePath(open.stageId, 'more')).toMatchObject({ ok: true });
  open.close();
});
