import { readdir, readFile, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';

const largestFile = 4 * 1024 ** 2;
/** Each makes a name of another length take as many tries. */
const mostStars = 2;

/**
 * A folder of text files; each has a choice a line, and `__name__` stands for one of `name.txt`. What is read
 * is kept: use one for a request.
 */
export class Wildcards {
  readonly #folder: string;
  #names: Promise<readonly string[]> | undefined;
  readonly #choices = new Map<string, Promise<readonly string[]>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * The choices of all files that a name or a pattern such as `colours/*` fits, in the order of their names.
   * Empty lines and those that begin with `#` are none. Files that cannot be read have none.
   */
  async choicesOf(pattern: string): Promise<readonly string[]> {
    const known = this.#choices.get(pattern) ?? this.#read(pattern);
    this.#choices.set(pattern, known);
    return await known;
  }

  async #read(pattern: string): Promise<readonly string[]> {
    this.#names ??= listNames(this.#folder);
    const parts = pattern.split('*');
    if (parts.length > mostStars + 1) return [];
    const wanted = new RegExp(`^${parts.map(literally).join('.*')}$`, 'iu');
    const names = (await this.#names).filter((name) => wanted.test(name));
    const texts = await Promise.all(names.map((name) => readText(join(this.#folder, `${name}.txt`))));
    return texts.flatMap((text) =>
      text
        .split(/\r?\n/)
        .map((line) => line.trim())
        .filter((line) => line !== '' && !line.startsWith('#')),
    );
  }
}

const literally = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** By the path below the folder, with slashes and without the extension. */
async function listNames(folder: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true }).catch(() => []);
  return files
    .filter((file) => file.toLowerCase().endsWith('.txt'))
    .map((file) => file.slice(0, -'.txt'.length).split(sep).join('/'))
    .sort();
}

async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    return size > largestFile ? '' : (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
  } catch {
    return '';
  }
}
