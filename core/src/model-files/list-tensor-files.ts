import { open, stat } from 'node:fs/promises';
import { basename, sep } from 'node:path';
import { extension, listTensorFiles } from './find-by-name.js';
import { type ModelFiles, requestedFile } from './requested-file.js';

/** A file below one of the model folders. */
export interface ListedFile {
  /** A name that prompts find it by, and no other file of the list. */
  readonly name: string;
  /** Below its folder, with slashes. */
  readonly path: string;
}

/** Bytes of a header that are looked at; those of adapters have up to one or two million. */
const headerLimit = 16 * 1024 * 1024;
const chunkBytes = 256 * 1024;
/** Characters that end a tag or its name. */
const unnameable = /[<>:]/;

/**
 * The files of tensors below the model folders that are of a kind. What was found out of a file holds until
 * the file changes.
 */
export class TensorFileList {
  #known = new Map<string, boolean>();

  /** @param endings how a name of a tensor ends in files of the kind, for example `.lora_down.weight` */
  async list(endings: readonly string[], files: ModelFiles): Promise<ListedFile[]> {
    const marks = endings.map((ending) => Buffer.from(JSON.stringify(ending).slice(1)));
    const known = new Map<string, boolean>();
    const paths: string[] = [];
    const all = [...new Set(await listTensorFiles(files.folders))];
    for (const path of all) {
      const absolute = await requestedFile(path, files);
      const about = absolute === undefined ? undefined : await stat(absolute).catch(() => undefined);
      if (absolute === undefined || !about || unnameable.test(path)) continue;
      const key = [absolute, about.size, about.mtimeMs, ...endings].join('\n');
      const isOfKind = this.#known.get(key) ?? (await hasTensor(absolute, marks).catch(() => false));
      known.set(key, isOfKind);
      if (isOfKind) paths.push(path);
    }
    this.#known = known;
    return nameFiles(paths, all);
  }
}

/** A file whose name others have too, of whatever kind, is called by its path. */
function nameFiles(paths: readonly string[], all: readonly string[]): ListedFile[] {
  const shortOf = (path: string) => basename(path).replace(extension, '');
  const counts = new Map<string, number>();
  for (const path of all) {
    const name = shortOf(path).toLowerCase();
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return paths.map((own) => {
    const path = own.replaceAll(sep, '/');
    const isAlone = counts.get(shortOf(own).toLowerCase()) === 1;
    return { path, name: isAlone ? shortOf(own) : path.replace(extension, '') };
  });
}

/**
 * Whether one of the marks is in the header of a .safetensors file. A name's last quote is in the mark:
 * within other texts it is escaped.
 */
async function hasTensor(path: string, marks: readonly Buffer[]): Promise<boolean> {
  const file = await open(path);
  try {
    const length = Buffer.alloc(8);
    await file.read(length, 0, 8, 0);
    const end = 8 + Math.min(Number(length.readBigUInt64LE()), headerLimit);
    const overlap = Math.max(0, ...marks.map(({ length }) => length));
    const chunk = Buffer.alloc(chunkBytes);
    for (let from = 8; from < end; from += chunkBytes - overlap) {
      const { bytesRead } = await file.read(chunk, 0, Math.min(chunkBytes, end - from), from);
      if (bytesRead === 0) return false;
      if (marks.some((mark) => chunk.subarray(0, bytesRead).includes(mark))) return true;
    }
    return false;
  } finally {
    await file.close();
  }
}
