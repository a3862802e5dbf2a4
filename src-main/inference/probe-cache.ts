import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { arch, platform, release } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { providerProbeSchema, type ProviderProbe } from '../../src-shared/contract/models.ts';
import { applicationRoot } from '../entry-file.ts';

/** Results of the provider probes between starts of the application. */
export interface ProbeCache {
  /** Null when there are none, or they were made with another runtime, system or driver. */
  read(): ProviderProbe[] | null;
  write(probes: ProviderProbe[]): void;
}

const fileSchema = z.object({ madeWith: z.string(), probes: z.array(providerProbeSchema) });

/** Keeps the results in a file; without a path it keeps nothing. */
export function createProbeCache(
  path: string | null,
  madeWith: () => string = runtimeAndDrivers,
): ProbeCache {
  return {
    read() {
      if (path === null) return null;
      try {
        const file = fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
        return file.madeWith === madeWith() ? file.probes : null;
      } catch {
        return null;
      }
    },
    write(probes) {
      if (path === null) return;
      try {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, JSON.stringify({ madeWith: madeWith(), probes }, null, 2));
      } catch {
        // Then they are made again next time.
      }
    },
  };
}

/** Changes when onnxruntime, the system or a graphics driver changes. */
export function runtimeAndDrivers(): string {
  const packageFile = z
    .object({ version: z.string(), dependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(join(applicationRoot(), 'package.json'), 'utf8')));
  const runtime = packageFile.dependencies['onnxruntime-node'] ?? '';
  return [packageFile.version, runtime, platform(), arch(), release(), ...drivers()].join(' | ');
}

function drivers(): string[] {
  if (process.platform === 'win32') {
    // Installing any driver adds a folder here.
    const store = join(
      process.env.SystemRoot ?? 'C:\\Windows',
      'System32',
      'DriverStore',
      'FileRepository',
    );
    return [String(statSync(store, { throwIfNoEntry: false })?.mtimeMs ?? '')];
  }
  if (process.platform !== 'linux') return [];
  const nvidia = attempt(() => readFileSync('/proc/driver/nvidia/version', 'utf8').split('\n')[0]);
  const vulkan = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d'].flatMap(
    (folder) => attempt(() => readdirSync(folder)) ?? [],
  );
  const devices = attempt(() => readdirSync('/dev/dri')) ?? [];
  return [
    nvidia ?? '',
    ...vulkan,
    ...devices,
    process.env.VK_ICD_FILENAMES ?? '',
    process.env.VK_DRIVER_FILES ?? '',
  ];
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
