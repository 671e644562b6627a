import { existsSync } from 'node:fs';
import { readdir, realpath, rm, stat, statfs, symlink } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import lockfile from 'proper-lockfile';
import { makeFolder } from '../../storage/make-folder.js';
import { sizeOf } from '../installed-size.js';
import { type Quantization, writtenType } from './choose-type.js';
import { copyFolder, planFolder } from './copy-folder.js';
import { layOut } from './lay-out.js';
import { endingOf, type Layout } from './layout.js';
import { readSourceFile } from './source-tensors.js';
import { journalOf, workBytes, writeCopy } from './write-copy.js';

export interface QuantizeOptions {
  /** Links go to all that lies beside the file, not only to what has its name. Absent: no. */
  readonly withNeighbours?: boolean;
  /** Of what is read, and then checked. */
  readonly onProgress?:
    | ((progress: { readonly file: string; readonly bytes: number; readonly totalBytes: number }) => void)
    | undefined;
  /** Stops it; what is written is kept, and the next call goes on there. Rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface Quantized {
  /** Bytes of the model, and of its copy. */
  readonly bytesBefore: number;
  readonly bytes: number;
}

/**
 * Makes a smaller copy of a model on disk: of a .safetensors file a file, of a folder in diffusers' layout a
 * folder.
 *
 * @param path of the model
 * @param out of the copy, which must not be there yet
 * @throws ERR_MODEL_FILES_INVALID for what no copy can be made of, ERR_STORAGE where the disk refuses
 */
export async function quantizeModel(
  path: string,
  out: string,
  to: Quantization,
  { withNeighbours = false, onProgress, signal }: QuantizeOptions = {},
): Promise<Quantized> {
  const isFolder = (await stat(path)).isDirectory();
  const plan = isFolder ? await planFolder(path, to) : undefined;
  const own = plan ? undefined : await planFile(path, to);
  const layouts = plan ? [...plan.layouts.values()] : [own!];
  if (!layouts.some(({ units }) => units.some(({ type }) => type !== 'as it is'))) throw nothingToDo(path);
  await makeFolder(dirname(out));
  const release = await lock(out);
  try {
    await requireRoom(out, layouts);
    const totalBytes = layouts.reduce((sum, layout) => sum + workBytes(layout), 0);
    let bytes = 0;
    const onBytes = (more: number, file: string) => {
      bytes += more;
      onProgress?.({ file, bytes, totalBytes });
    };
    if (plan) {
      await copyFolder(path, out, plan, { onBytes, signal });
    } else {
      await writeCopy(out, own!, { onBytes, signal });
      await linkBeside(path, out, withNeighbours);
      await rm(journalOf(out), { force: true });
    }
  } finally {
    await release();
  }
  return { bytesBefore: await sizeOf(path), bytes: await sizeOf(out) };
}

async function planFile(path: string, to: Quantization): Promise<Layout> {
  const { tensors, metadata } = await readSourceFile(path);
  return layOut(
    tensors.map((tensor) => ({ tensor, type: writtenType(tensor, to) })),
    metadata,
    to,
  );
}

/** The name of a file's copy: plugins tell some models by words in their names, so those stay. */
export const copyName = (path: string, to: Quantization): string =>
  `${basename(path, extname(path))}-${to}${endingOf(to)}`;

/** What belongs to the file by its name, and beside a copy elsewhere also what the model needs. */
async function linkBeside(path: string, out: string, withNeighbours: boolean): Promise<void> {
  const stem = (file: string) => basename(file, extname(file));
  const links = ['', '.yaml'].map((ending) => [`${stem(path)}${ending}`, `${stem(out)}${ending}`] as const);
  const neighbours = withNeighbours ? await readdir(dirname(path)) : [];
  const others = neighbours
    .filter((name) => name !== basename(path) && !links.some(([own]) => own === name))
    .map((name) => [name, name] as const);
  for (const [from, name] of [...links, ...others]) {
    const [target, link] = [join(dirname(path), from), join(dirname(out), name)];
    if (!existsSync(target) || existsSync(link)) continue;
    const isFolder = (await stat(target)).isDirectory();
    // Windows lets everybody make junctions, which are links to folders.
    await symlink(await realpath(target), link, isFolder ? 'junction' : undefined);
  }
}

async function lock(out: string): Promise<() => Promise<void>> {
  try {
    return await lockfile.lock(out, { realpath: false });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ELOCKED') throw cause;
    throw new EaselError({
      code: 'ERR_STORAGE',
      message: `Another process is writing ${out}.`,
      hint: 'Wait until it has ended.',
      cause,
    });
  }
}

/** What is there of a copy that was cut off counts as room. */
async function requireRoom(out: string, layouts: readonly Layout[]): Promise<void> {
  const needed = layouts.reduce((sum, { bytes }) => sum + bytes, 0) - (await sizeOf(`${out}.partial`));
  const { bavail, bsize } = await statfs(dirname(out));
  if (bavail * bsize >= needed) return;
  throw new EaselError({
    code: 'ERR_STORAGE',
    message: `The copy takes ${needed} bytes more, and the disk of ${out} has ${bavail * bsize} left.`,
    hint: 'Make room, or name another place with --out.',
  });
}

const nothingToDo = (path: string) =>
  new EaselError({
    code: 'ERR_MODEL_FILES_INVALID',
    message: `Nothing of ${path} can be made smaller: it has no matrices that are large enough.`,
    hint: 'Is it the right file?',
  });
