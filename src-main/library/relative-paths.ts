/**
 * The paths below the deepest folder that all of them share, with forward slashes: what files that
 * refer to each other by name (a header and its raw data) need to find each other again.
 */
export function relativePaths(paths: readonly string[]): string[] {
  const parts = paths.map((path) => path.split(/[\\/]+/));
  let shared = 0;
  while (
    parts.length > 0 &&
    parts.every((p) => shared < p.length - 1 && p[shared] === parts[0]![shared])
  )
    shared++;
  return parts.map((p) => p.slice(shared).join('/'));
}
