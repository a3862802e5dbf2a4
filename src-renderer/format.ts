/** Bytes as a short text: 1.2 GB, 34 MB, 512 kB. Decimal units, as disks are sold. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** A DICOM person name (`Family^Given^Middle`) as it is read. */
export function formatPersonName(name: string): string {
  const [family = '', ...others] = name.split('^');
  return [family, others.filter(Boolean).join(' ')].filter(Boolean).join(', ');
}

/** A moment on this machine's clock, as dates of studies are written: 2026-01-31 14:05. */
export function formatDateTime(moment: string): string {
  const at = new Date(moment);
  const two = (value: number) => String(value).padStart(2, '0');
  const date = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
