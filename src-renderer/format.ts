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
  return name.split('^').filter(Boolean).join(', ');
}
