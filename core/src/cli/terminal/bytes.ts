const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** Bytes for people, in powers of 1,000 as disks are sold. */
export function formatBytes(bytes: number): string {
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toPrecision(2)} ${units[power]}`;
}
