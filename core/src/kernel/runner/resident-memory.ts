import { readFile } from 'node:fs/promises';

/** Resident memory of a process in bytes; undefined where the system has no /proc, or the process is gone. */
export async function readResidentBytes(pid: number): Promise<number | undefined> {
  try {
    const kibibytes = /^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}
