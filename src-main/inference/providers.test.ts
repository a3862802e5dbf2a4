import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  greySlice,
  inferenceOn,
  temporaryFolder,
  watchedEngines,
} from '../../tests/support/inference.ts';
import { writeTinyCropSpecialist } from '../../tests/support/tiny-models.ts';
import type { ProviderProbe } from '../../src-shared/contract/models.ts';
import { forkEngine, type SpawnEngine } from './engine-process.ts';
import { createProbeCache } from './probe-cache.ts';
import { createProviders } from './providers.ts';

const noCache = createProbeCache(null);
const settings = { provider: 'webgpu', embeddingCacheBytes: 1e6 } as const;
/** A provider that this system's onnxruntime cannot have. */
const missing = process.platform === 'darwin' ? 'dml' : 'coreml';
const job = {
  modelId: 'tiny-crop',
  slice: greySlice(64, 64, (x) => (x >= 32 ? 200 : 20)),
  boxPx: [24, 20, 40, 36] as [number, number, number, number],
};

const passed = (provider: ProviderProbe['provider'], milliseconds: number): ProviderProbe => ({
  provider,
  state: 'available',
  reason: '',
  maxAbsoluteDifference: 0,
  milliseconds,
});

/** A cache folder in which a provider is found to have passed, as after a driver vanished since. */
function folderWherePassed(provider: ProviderProbe['provider']): string {
  const folder = temporaryFolder();
  createProbeCache(join(folder, 'provider-probes.json')).write([
    passed('cpu', 50),
    passed(provider, 1),
  ]);
  return folder;
}

/** Software Vulkan of an installed Chromium: WebGPU without a graphics card. */
const swiftShader = '/usr/lib/chromium/vk_swiftshader_icd.json';
const canDrawInSoftware =
  existsSync(swiftShader) && existsSync('/usr/lib/x86_64-linux-gnu/libvulkan.so.1');

describe('probing the execution providers', () => {
  it('finds the CPU, and a reason for every provider that cannot be used', async () => {
    const providers = createProviders({
      wanted: 'auto',
      spawn: forkEngine,
      cache: noCache,
      onChange: () => undefined,
    });
    const probes = await providers.probe();
    expect(probes[0]).toMatchObject({
      provider: 'cpu',
      state: 'available',
      maxAbsoluteDifference: 0,
    });
    for (const probe of probes) {
      if (probe.state === 'available') expect(probe.milliseconds).toBeGreaterThan(0);
      else expect(probe.reason).not.toBe('');
    }
  });

  it('is done once: a later start takes the kept results, until the runtime or a driver changes', async () => {
    const path = join(temporaryFolder(), 'provider-probes.json');
    const first = createProviders({
      wanted: 'auto',
      spawn: forkEngine,
      cache: createProbeCache(path, () => 'driver 1'),
      onChange: () => undefined,
    });
    const found = await first.probe();
    const noSpawn = () => {
      throw new Error('nothing to start');
    };
    const again = createProviders({
      wanted: 'auto',
      spawn: noSpawn,
      cache: createProbeCache(path, () => 'driver 1'),
      onChange: () => undefined,
    });
    expect(await again.probe()).toEqual(found);
    expect(createProbeCache(path, () => 'driver 2').read()).toBeNull();
  });

  it('does not use a provider whose numbers are wrong', async () => {
    const lying: SpawnEngine = () => {
      const engine = forkEngine();
      let isLie = false;
      return {
        ...engine,
        send(message) {
          const { id, request } = message as {
            id: number;
            request: { type: string; provider?: string };
          };
          isLie = request.type === 'probe' && request.provider === 'webgpu';
          engine.send(isLie ? { id, request: { ...request, provider: 'cpu' } } : message);
        },
        onMessage: (listener) =>
          engine.onMessage((message) => {
            const { result } = message as {
              result?: { value?: { output?: Float32Array; names?: string[] } };
            };
            if (isLie && result?.value?.output) result.value.output[100]! += 0.01;
            if (result?.value?.names) result.value.names = ['cpu', 'webgpu'];
            listener(message);
          }),
      };
    };
    const providers = createProviders({
      wanted: 'webgpu',
      spawn: lying,
      cache: noCache,
      onChange: () => undefined,
    });
    const probes = await providers.probe();
    expect(probes.map(({ provider, state }) => [provider, state])).toEqual([
      ['cpu', 'available'],
      ['webgpu', 'wrong-numbers'],
    ]);
    expect(providers.choose('any')).toEqual({
      provider: 'cpu',
      fallbackReason: expect.stringContaining('differ'),
    });
  });

  it.skipIf(!canDrawInSoftware)(
    `runs WebGPU through Vulkan in software ${canDrawInSoftware ? '' : '(SKIPPED: no Chromium with SwiftShader installed)'}`,
    async () => {
      vi.stubEnv('VK_ICD_FILENAMES', swiftShader);
      onTestFinished(() => void vi.unstubAllEnvs());
      const providers = createProviders({
        wanted: 'webgpu',
        spawn: forkEngine,
        cache: noCache,
        onChange: () => undefined,
      });
      const webgpu = (await providers.probe()).find(({ provider }) => provider === 'webgpu');
      expect(webgpu).toMatchObject({ state: 'available', reason: '' });
      expect(providers.choose('any')).toEqual({ provider: 'webgpu', fallbackReason: '' });
      // Software is slower than the processor itself, so nobody is given it unasked.
      providers.want('auto');
      expect(providers.choose('any')).toEqual({ provider: 'cpu', fallbackReason: '' });

      const root = temporaryFolder();
      writeTinyCropSpecialist(root);
      const cacheDir = temporaryFolder();
      createProbeCache(join(cacheDir, 'provider-probes.json')).write(providers.probes);
      const service = inferenceOn(root, { settings, cacheDir });
      const mask = await service.segmentBox(job, {});
      expect(mask).toMatchObject({ ok: true, value: { provider: 'webgpu', areaPx: 8 * 16 } });
      expect(service.status().fallbackReason).toBe('');
    },
    // A software graphics card on a busy machine.
    300_000,
  );
});

describe('choosing', () => {
  it('takes the fastest that passed, and the CPU where nothing is faster', () => {
    const choose = (...probes: ProviderProbe[]) =>
      createProviders({
        wanted: 'auto',
        spawn: forkEngine,
        cache: { read: () => probes, write: () => undefined },
        onChange: () => undefined,
      }).choose('any').provider;
    expect(choose(passed('cpu', 50), passed('webgpu', 9), passed('cuda', 3))).toBe('cuda');
    expect(choose(passed('cpu', 50), passed('webgpu', 70))).toBe('cpu');
    expect(choose(passed('cpu', 50), { ...passed('dml', 1), state: 'wrong-numbers' })).toBe('cpu');
  });
});

describe('a provider that fails at work', () => {
  it('gives way to the CPU with a visible reason, and the box is answered', async () => {
    const root = temporaryFolder();
    writeTinyCropSpecialist(root);
    const service = inferenceOn(root, {
      settings: { ...settings, provider: missing },
      cacheDir: folderWherePassed(missing),
    });
    expect(service.status()).toMatchObject({ provider: missing, fallbackReason: '' });
    const mask = await service.segmentBox(job, {});
    expect(mask).toMatchObject({ ok: true, value: { provider: 'cpu', areaPx: 8 * 16 } });
    expect(service.status()).toMatchObject({
      provider: 'cpu',
      fallbackReason: expect.stringContaining(missing),
    });
  });

  it('gives way to the CPU when it takes the engine with it', async () => {
    const root = temporaryFolder();
    writeTinyCropSpecialist(root);
    const spawnEngine: SpawnEngine = () => {
      const engine = watchedEngines(() => undefined)();
      return {
        ...engine,
        send(message) {
          engine.send(message);
          if ((message as { request: { provider?: string } }).request.provider === 'webgpu')
            engine.kill();
        },
      };
    };
    const service = inferenceOn(root, {
      settings,
      cacheDir: folderWherePassed('webgpu'),
      spawnEngine,
    });
    expect(await service.segmentBox(job, {})).toMatchObject({
      ok: true,
      value: { provider: 'cpu' },
    });
    expect(service.status().fallbackReason).toBe('The engine ended while it ran on webgpu.');
    // Asked for by hand, it gets another chance.
    service.setProvider('webgpu');
    expect(service.status()).toMatchObject({ provider: 'webgpu', fallbackReason: '' });
  });
});
