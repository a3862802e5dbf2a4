import { defineStore } from 'pinia';
import { ref } from 'vue';
import type {
  ExecutionProvider,
  ModelAddProgress,
  ModelFamily,
  ModelProposal,
} from '../../src-shared/contract/models.ts';
import { fail, type AppError } from '../../src-shared/result.ts';
import { api } from '../api/client.ts';
import { desktopHost } from '../api/host.ts';
import type { ChosenFile } from '../imports/dropped-files.ts';
import { withUniquePaths } from '../imports/unique-paths.ts';
import { uploadFiles } from '../imports/upload.ts';
import { useModelsStore } from './models.ts';

type Added = Extract<NonNullable<ModelAddProgress['result']>, { ok: true }>['value'];

/** Where the addition of a model stands; one at a time. */
export type Adding =
  | { step: 'reading'; name: string }
  | { step: 'proposed'; proposal: ModelProposal }
  | {
      step: 'working';
      name: string;
      phase: 'building' | 'trying';
      provider: ExecutionProvider | null;
    }
  | { step: 'added'; added: Added }
  | { step: 'refused'; name: string; error: AppError };

export const useAddingModelsStore = defineStore('adding-models', () => {
  const models = useModelsStore();
  const adding = ref<Adding | null>(null);
  let abort = new AbortController();

  /** Files from a drop or a file dialog of the page. */
  async function addFiles(files: ChosenFile[]): Promise<void> {
    if (files.length === 0) return;
    if (desktopHost) return addPaths(files.map(({ file }) => desktopHost!.pathOfFile(file)));
    const name = begin(files.map(({ file }) => file.name));
    await attempt(name, async (signal) => {
      const staged = await api.models.stage();
      if (!staged.ok) return staged;
      try {
        await uploadFiles(staged.value.uploadUrl, withUniquePaths(files), {
          signal,
          onProgress: () => undefined,
        });
      } catch (error) {
        await api.models.discard({ id: staged.value.stageId });
        const full = error instanceof Error && error.message === 'disk-full';
        return fail(signal.aborted ? 'cancelled' : full ? 'disk-full' : 'file-unreadable');
      }
      return api.models.propose({ stageId: staged.value.stageId }, { signal });
    });
  }

  async function addPaths(paths: string[]): Promise<void> {
    if (paths.length === 0) return;
    const name = begin(paths.map((path) => path.split(/[\\/]/).at(-1)!));
    await attempt(name, (signal) => api.models.propose({ paths }, { signal }));
  }

  function begin(names: string[]): string {
    abort.abort();
    abort = new AbortController();
    const name = names.join(', ');
    adding.value = { step: 'reading', name };
    return name;
  }

  async function attempt(
    name: string,
    propose: (signal: AbortSignal) => ReturnType<typeof api.models.propose>,
  ): Promise<void> {
    const { signal } = abort;
    const outcome = await propose(signal).catch(() => fail('internal'));
    if (signal.aborted) {
      if (outcome.ok) await api.models.discard({ id: outcome.value.proposalId });
      return;
    }
    adding.value = outcome.ok
      ? { step: 'proposed', proposal: outcome.value }
      : { step: 'refused', name, error: outcome.error };
  }

  /** Adds what was proposed. */
  async function confirm(choice: {
    family?: ModelFamily | undefined;
    name: string;
  }): Promise<void> {
    if (adding.value?.step !== 'proposed') return;
    const { proposalId, files } = adding.value.proposal;
    const name = choice.name || files.map((file) => file.name).join(', ');
    const { signal } = abort;
    adding.value = { step: 'working', name, phase: 'building', provider: null };
    let result: ModelAddProgress['result'];
    try {
      for await (const event of await api.models.add({ proposalId, ...choice }, { signal })) {
        if (event.phase === 'finished') result = event.result;
        else adding.value = { step: 'working', name, phase: event.phase, provider: event.provider };
      }
    } catch {
      result = fail('internal');
    }
    await models.load();
    if (signal.aborted) return;
    adding.value = result?.ok
      ? { step: 'added', added: result.value }
      : { step: 'refused', name, error: result?.error ?? { code: 'internal', params: {} } };
  }

  /** Ends the addition, whatever it is doing. */
  async function close(): Promise<void> {
    const now = adding.value;
    adding.value = null;
    abort.abort();
    if (now?.step === 'proposed') await api.models.discard({ id: now.proposal.proposalId });
  }

  return { adding, addFiles, addPaths, confirm, close };
});
