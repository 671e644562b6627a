import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/** Longest header that is hashed whole; a checkpoint's is some hundred kilobytes. */
const maximumHeaderBytes = 100_000_000;

/**
 * One line that changes with a file of weights: its path, size, time of change (nanoseconds) and the hash of
 * its safetensors header.
 */
export async function fingerprint(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { size, mtimeNs } = await file.stat({ bigint: true });
    const start = Buffer.alloc(8);
    await file.read(start, 0, 8, 0);
    const stated = start.readBigUInt64LE();
    const isHeader = stated <= BigInt(maximumHeaderBytes) && stated + 8n <= size;
    const header = Buffer.alloc(isHeader ? Number(stated) : 65_536);
    await file.read(header, 0, header.length, 8);
    const hash = createHash('sha256').update(start).update(header).digest('hex');
    return [path, size, mtimeNs, hash].join(' ');
  } finally {
    await file.close();
  }
}
