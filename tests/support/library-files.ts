import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Every file below the folders that hold images, as paths below the library folder. */
export function imageFiles(root: string): string[] {
  return ['originals', 'volumes', 'thumbnails', 'staging'].flatMap((name) =>
    readdirSync(join(root, name), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(root.length + 1)
          .replaceAll('\\', '/'),
      ),
  );
}

/** The files of one folder of the library. */
export const filesIn = (root: string, name: string) =>
  imageFiles(root).filter((path) => path.startsWith(`${name}/`));
