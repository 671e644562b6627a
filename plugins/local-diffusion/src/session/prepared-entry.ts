import { createHash } from 'node:crypto';
import { open, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** Names of an entry's files; ONNX Runtime finds the weights beside the graph. */
export const entryFiles = {
  graph: 'network.onnx',
  weights: 'weights.bin',
  description: 'entry.json',
} as const;

const fileSchema = z.object({ bytes: z.int(), changedNs: z.string(), sample: z.string() });
const descriptionSchema = z.object({ graph: fileSchema, weights: fileSchema });
type FileDescription = z.infer<typeof fileSchema>;

/**
 * Gigabytes cannot be read at every opening: so many pieces are, of so many bytes, evenly spread from the
 * first to the last.
 */
const samplePieces = 64;
const samplePieceBytes = 4096;

/** Writes down what the files of a finished entry are like. */
export async function describeEntry(folder: string): Promise<void> {
  const graph = await describeFile(join(folder, entryFiles.graph));
  const weights = await describeFile(join(folder, entryFiles.weights));
  await writeFile(join(folder, entryFiles.description), JSON.stringify({ graph, weights }));
}

/**
 * Whether an entry is there and as it was when it was written: sizes, times of change, and samples of what is
 * inside.
 */
export async function isEntryWhole(folder: string): Promise<boolean> {
  try {
    const text = await readFile(join(folder, entryFiles.description), 'utf8');
    const description = descriptionSchema.parse(JSON.parse(text));
    for (const name of ['graph', 'weights'] as const) {
      const { bytes, changedNs, sample } = await describeFile(join(folder, entryFiles[name]));
      const written = description[name];
      if (bytes !== written.bytes || changedNs !== written.changedNs || sample !== written.sample)
        return false;
    }
    return true;
  } catch {
    return false;
  }
}

/** Bytes of an entry, and when it was used last; undefined for what is none. */
export async function measureEntry(
  folder: string,
): Promise<{ readonly bytes: number; readonly usedMs: number } | undefined> {
  try {
    const [description, graph, weights] = await Promise.all(
      [entryFiles.description, entryFiles.graph, entryFiles.weights].map((name) => stat(join(folder, name))),
    );
    return { bytes: description!.size + graph!.size + weights!.size, usedMs: description!.mtimeMs };
  } catch {
    return undefined;
  }
}

/** Notes the use of an entry: the time of change of its description. */
export async function markUsed(folder: string, now: Date): Promise<void> {
  await utimes(join(folder, entryFiles.description), now, now);
}

/** The description goes first: what is left of an entry that somebody stops removing is none. */
export async function removeEntry(folder: string): Promise<void> {
  await rm(join(folder, entryFiles.description), { force: true });
  await rm(folder, { recursive: true, force: true });
}

async function describeFile(path: string): Promise<FileDescription> {
  const file = await open(path);
  try {
    const { size, mtimeNs } = await file.stat({ bigint: true });
    const bytes = Number(size);
    const hash = createHash('sha256');
    const piece = Buffer.alloc(samplePieceBytes);
    const last = Math.max(0, bytes - samplePieceBytes);
    for (let index = 0; index < samplePieces; index++) {
      const { bytesRead } = await file.read(
        piece,
        0,
        samplePieceBytes,
        Math.floor((last * index) / (samplePieces - 1)),
      );
      hash.update(piece.subarray(0, bytesRead));
    }
    return { bytes, changedNs: String(mtimeNs), sample: hash.digest('hex') };
  } finally {
    await file.close();
  }
}
