import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectToHost } from '../../support/host-client.ts';
import { writeLesionSeries } from './lesion-series.ts';
import { endHost, startHost } from './start-host.ts';

/** A library after the first start and one import: the sample patient, and the CT of `lesion-series.ts`. */
export async function prepareLibrary(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'workstation-prepared-'));
  const files = mkdtempSync(join(tmpdir(), 'workstation-files-'));
  writeLesionSeries(files);
  const host = await startHost(folder);
  const { api, close } = await connectToHost(host.address);
  const started = await api.imports.startPaths({ paths: [files] });
  if (!started.ok) throw new Error(started.error.code);
  for await (const { summary } of await api.imports.progress({ importId: started.value.importId })) {
    if (summary && summary.accepted.length !== 1) throw new Error(JSON.stringify(summary));
  }
  while (!(await api.library.list({})).patients.some((patient) => patient.isSample)) {
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  close();
  await endHost(host.process, 'SIGTERM');
  rmSync(files, { recursive: true });
  return folder;
}
