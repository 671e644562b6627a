import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, statfs, utimes, writeFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { readBytes } from '../checkpoint/float-values.js';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import type { Graph } from '../graph/graph.js';
import {
  findRepackable,
  type RepackedMatrix,
  repackedBytes,
  withRepacked,
} from '../graph/repacked/matrices.js';
import { repack } from '../graph/repacked/repack.js';
import { fingerprint } from './prepared-fingerprint.js';

export interface RepackedWeightsOptions {
  readonly folder: string;
  /** What the matrices of all files may take together. */
  readonly maximumBytes: number;
}

/** Changes with what is written for a type of blocks. */
const version = 1;

/**
 * Matrices of GGUF files on disk as ONNX Runtime computes with them: codes, scales and minima. A matrix is a
 * file, which is made when a network with it is opened first, and found again whatever stages the network
 * runs in. A folder for each .gguf file.
 */
export class RepackedWeights {
  readonly #options: RepackedWeightsOptions;

  constructor(options: RepackedWeightsOptions) {
    this.#options = options;
  }

  /**
   * The same graph over repacked matrices; what cannot be repacked stays as it is.
   *
   * @param onProgress is told which share of what has to be written is there, 0 to 1
   * @throws ERR_MODEL_FILES_INVALID for a matrix with a scale that is NaN or infinity
   * @throws ERR_STORAGE where they have no room on disk. Decoded at each run they would take more memory than
   * was planned.
   */
  async repack(graph: Graph, onProgress: (share: number) => void = () => {}): Promise<Graph> {
    const matrices = findRepackable(graph);
    // Files of one graph lie below one folder.
    const usable = new Map([...matrices].filter(([, { part }]) => this.#isOnDrive(part.file)));
    if (usable.size === 0) return graph;
    const folders = await this.#foldersOf([...usable.values()]);
    const paths = new Map<RepackedMatrix, string>();
    const missing = new Map<string, RepackedMatrix>();
    for (const matrix of usable.values()) {
      const path = join(folders.get(matrix.part.file)!, nameOf(matrix));
      paths.set(matrix, path);
      const size = await stat(path).then(
        (status) => status.size,
        () => undefined,
      );
      if (size !== repackedBytes(matrix)) missing.set(path, matrix);
    }
    const bytes = [...missing.values()].reduce((sum, each) => sum + repackedBytes(each), 0);
    if (missing.size > 0) await this.#makeRoom(bytes, new Set(folders.values()));
    await writeAll(missing, (written) => onProgress(written / bytes));
    return withRepacked(graph, usable, (matrix) => paths.get(matrix)!);
  }

  #isOnDrive(file: string): boolean {
    return parse(file).root === parse(this.#options.folder).root;
  }

  async #foldersOf(matrices: readonly RepackedMatrix[]): Promise<ReadonlyMap<string, string>> {
    const { folder } = this.#options;
    const files = [...new Set(matrices.map(({ part }) => part.file))];
    const entries = files.map(async (file) => {
      const print = createHash('sha256')
        .update(`${version} ${await fingerprint(file)}`)
        .digest('hex');
      return [file, join(folder, print)] as const;
    });
    const folders = new Map(await Promise.all(entries));
    for (const each of folders.values()) {
      await mkdir(each, { recursive: true });
      const now = new Date();
      await utimes(each, now, now);
    }
    return folders;
  }

  /** Removes the folders that were used longest ago, as far as that is needed. */
  async #makeRoom(bytes: number, kept: ReadonlySet<string>): Promise<void> {
    const { folder, maximumBytes } = this.#options;
    const folders = await Promise.all((await readdir(folder)).map((name) => measure(join(folder, name))));
    let total = folders.reduce((sum, each) => sum + each.bytes, bytes);
    for (const each of folders.sort((one, other) => one.usedMs - other.usedMs)) {
      if (total <= maximumBytes) break;
      if (kept.has(each.path)) continue;
      // Windows removes no file that an open network has mapped.
      const isGone = await rm(each.path, { recursive: true, force: true }).then(
        () => true,
        () => false,
      );
      if (isGone) total -= each.bytes;
    }
    if (total > maximumBytes) {
      throw noRoom(
        `preparedBytes of local-diffusion allows ${megabytes(maximumBytes)} there, and ${megabytes(total)} are needed`,
        `Set preparedBytes to ${total} or more`,
      );
    }
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < leastFreeTimes * bytes) {
      throw noRoom(
        `${megabytes(bytes)} are needed in ${folder}, and its disk has ${megabytes(bavail * bsize)} left`,
        'Make room on that disk',
      );
    }
  }
}

/** What has to be free on the disk, as so many times what is written: a full disk would stop all else. */
const leastFreeTimes = 1.1;

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;

const noRoom = (why: string, remedy: string) =>
  new EaselError({
    code: 'ERR_STORAGE',
    message: `The matrices of a GGUF file cannot be kept on disk as they are computed with: ${why}.`,
    hint: `${remedy}, or set preparedBytes to 0: matrices are then decoded at each step, which is slower.`,
  });

const nameOf = ({ part, type, initializer }: RepackedMatrix): string =>
  `${part.offset}-${initializer.shape.join('x')}-${type}.bin`;

/** Matrices that are worked on at once: one waits for the disk while another is repacked. */
const atOnce = 2;

/**
 * Writes matrices by their paths; after the first one that cannot be written none is begun.
 *
 * @param onWritten is told the bytes that are there
 */
async function writeAll(
  matrices: ReadonlyMap<string, RepackedMatrix>,
  onWritten: (bytes: number) => void,
): Promise<void> {
  const waiting = [...matrices];
  let bytes = 0;
  const writeNext = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [path, matrix] = next;
      await write(matrix, path).catch((error) => {
        waiting.length = 0;
        throw error;
      });
      bytes += repackedBytes(matrix);
      onWritten(bytes);
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: atOnce }, writeNext));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

async function write({ part, type, initializer }: RepackedMatrix, path: string): Promise<void> {
  const { shape, name } = initializer;
  const packed = repack(await readBytes(part.file, part.offset, part.length), type, shape);
  if (!packed) {
    throw invalidFiles(
      `${part.file}: tensor "${name}" has a scale that is NaN or infinity.`,
      'The file is damaged: use another version of it.',
    );
  }
  const building = `${path}.${process.pid}`;
  await writeFile(building, packed, { flush: true });
  await rename(building, path);
}

async function measure(path: string): Promise<{ path: string; bytes: number; usedMs: number }> {
  const sizes = (await readdir(path)).map(async (name) => (await stat(join(path, name))).size);
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  return { path, bytes, usedMs: (await stat(path)).mtimeMs };
}
