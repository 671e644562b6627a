import { readFile } from 'node:fs/promises';

const megabyte = 1024;

/**
 * Peak resident memory of this process so far, MB; NaN where the system does not say (it is Linux that does).
 */
export async function peakMb(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  return Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN) / megabyte);
}
