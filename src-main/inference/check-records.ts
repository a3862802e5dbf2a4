import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { providerCheckSchema, type ProviderCheck } from '../../src-shared/contract/models.ts';
import { runtimeAndDrivers } from './probe-cache.ts';

/** Which models were verified on which execution providers of this machine, between starts of the application. */
export interface CheckRecords {
  /** Of one model by the SHA-256 of its manifest; none when runtime, system or drivers have changed since. */
  of(modelSha256: string): ProviderCheck[];
  keep(modelSha256: string, checks: ProviderCheck[]): void;
}

const fileSchema = z.record(
  z.string(),
  z.object({ madeWith: z.string(), checks: z.array(providerCheckSchema) }),
);
type Content = z.infer<typeof fileSchema>;

/** Keeps the records in a file; without a path, in memory. */
export function createCheckRecords(
  path: string | null,
  madeWith: () => string = runtimeAndDrivers,
): CheckRecords {
  let inMemory: Content = {};

  // Read anew each time: the command line may add to the file while the window is open.
  function content(): Content {
    if (path === null) return inMemory;
    try {
      return fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    } catch {
      return {};
    }
  }

  return {
    of(modelSha256) {
      const record = content()[modelSha256];
      return record?.madeWith === madeWith() ? record.checks : [];
    },
    keep(modelSha256, checks) {
      inMemory = { ...content(), [modelSha256]: { madeWith: madeWith(), checks } };
      if (path === null) return;
      try {
        mkdirSync(dirname(path), { recursive: true });
        const part = `${path}.${process.pid}.part`;
        writeFileSync(part, JSON.stringify(inMemory, null, 2));
        renameSync(part, path);
      } catch {
        // Then the model is shown as not verified, and can be verified again.
      }
    },
  };
}
