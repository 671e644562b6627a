import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, statfs, utimes, writeFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
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
   * The same graph over repacked matrices; what cannot be repacked, or has no room on disk, stays as it is.
   *
   * @throws ERR_MODEL_FILES_INVALID for a matrix with a scale that is NaN or infinity
   */
  async repack(graph: Graph): Promise<Graph> {
    const matrices = findRepackable(graph);
    // Files of one graph lie below one folder.
    const usable = new Map([...matrices].filter(([, { part }]) => this.#isOnDrive(part.file)));
    if (usable.size === 0) return graph;
    const folders = await this.#foldersOf([...usable.values()]);
    const paths = new Map<RepackedMatrix, string>();
    for (const [name, matrix] of usable) {
      const path = await this.#pathOf(matrix, folders.get(matrix.part.file)!);
      if (path === undefined) usable.delete(name);
      else paths.set(matrix, path);
    }
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

  /** Undefined where there is no room for it. */
  async #pathOf(matrix: RepackedMatrix, folder: string): Promise<string | undefined> {
    const { part, type, initializer } = matrix;
    const { shape, name } = initializer;
    const path = join(folder, `${part.offset}-${shape.join('x')}-${type}.bin`);
    const bytes = repackedBytes(matrix);
    const size = await stat(path).then(
      (status) => status.size,
      () => undefined,
    );
    if (size === bytes) return path;
    if (!(await this.#makeRoom(bytes, folder))) return undefined;
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
    return path;
  }

  /** Removes the folders that were used longest ago. */
  async #makeRoom(bytes: number, kept: string): Promise<boolean> {
    const { folder, maximumBytes } = this.#options;
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < 2 * bytes) return false;
    const folders = await Promise.all((await readdir(folder)).map((name) => measure(join(folder, name))));
    let total = folders.reduce((sum, each) => sum + each.bytes, bytes);
    for (const each of folders.sort((one, other) => one.usedMs - other.usedMs)) {
      if (total <= maximumBytes) return true;
      if (each.path === kept) continue;
      // Windows removes no file that an open network has mapped.
      const isGone = await rm(each.path, { recursive: true, force: true }).then(
        () => true,
        () => false,
      );
      if (isGone) total -= each.bytes;
    }
    return total <= maximumBytes;
  }
}

async function measure(path: string): Promise<{ path: string; bytes: number; usedMs: number }> {
  const sizes = (await readdir(path)).map(async (name) => (await stat(join(path, name))).size);
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  return { path, bytes, usedMs: (await stat(path)).mtimeMs };
}
