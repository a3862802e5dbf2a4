import type { ChosenFile } from './dropped-files.ts';

const parallel = 4;

/**
 * Sends files to the staging place of an import.
 *
 * @throws Error with the host's word (`disk-full`, …) as message when one is not taken
 */
export async function uploadFiles(
  uploadUrl: string,
  files: readonly ChosenFile[],
  options: { signal: AbortSignal; onProgress(done: number): void },
): Promise<void> {
  let next = 0;
  let done = 0;
  async function worker(): Promise<void> {
    while (next < files.length) {
      const { file, relativePath } = files[next++]!;
      const response = await fetch(`${uploadUrl}/${encodeURIComponent(relativePath)}`, {
        method: 'POST',
        body: file,
        signal: options.signal,
      });
      if (!response.ok) throw new Error(await response.text());
      options.onProgress(++done);
    }
  }
  await Promise.all(Array.from({ length: parallel }, worker));
}
