import vue from '@vitejs/plugin-vue';
import { resolve } from 'node:path';
import { defineConfig } from 'electron-vite';

const at = (path: string) => resolve(import.meta.dirname, path);

/**
 * Three bundles: main (every entry that Node or Electron runs), the sandboxed preload (one CJS file),
 * and the renderer, which desktop and browser host serve alike.
 */
export default defineConfig({
  main: {
    build: {
      outDir: 'out/main',
      lib: {
        formats: ['es'],
        entry: {
          desktop: at('src-main/desktop/main.ts'),
          'browser-host': at('src-main/browser-host/main.ts'),
          cli: at('src-main/cli/main.ts'),
          demo: at('src-main/cli/demo.ts'),
          engine: at('src-main/inference/engine/main.ts'),
          'imaging-worker': at('src-main/imaging/worker.ts'),
          'model-worker': at('src-main/models/adding/worker.ts'),
        },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      externalizeDeps: false,
      lib: { formats: ['cjs'], entry: { preload: at('src-main/desktop/preload.ts') } },
    },
  },
  renderer: {
    root: 'src-renderer',
    plugins: [vue()],
    build: {
      outDir: 'out/renderer',
      rollupOptions: { input: { index: at('src-renderer/index.html') } },
    },
  },
});
