import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** A fenced block of a page, with the comment that stands above it. */
export interface Snippet {
  /** Words of the comment, such as `run` or `file: embed.mjs`. Empty: there is none. */
  readonly mark: string;
  readonly text: string;
}

export interface Page {
  /** Relative to the repository, such as `docs/models.md`. */
  readonly path: string;
  readonly text: string;
  readonly snippets: readonly Snippet[];
}

const block = /(?:<!-- ([^\n]+?) -->\n)?```\w*\n([\s\S]*?)```/g;

/** The README and every page below `docs/` and `examples/`. */
export async function readPages(): Promise<Page[]> {
  const names = await readdir(join(root, 'docs'));
  const paths = [
    'README.md',
    'CONTRIBUTING.md',
    'examples/README.md',
    ...names.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
  ];
  return await Promise.all(
    paths.map(async (path) => {
      const text = await readFile(join(root, path), 'utf8');
      const snippets = [...text.matchAll(block)].map(([, mark = '', code = '']) => ({ mark, text: code }));
      return { path, text, snippets };
    }),
  );
}

const run = promisify(execFile);

/** A new user's folder: Easel is installed in it, and it has a page's files. */
export class UserFolder {
  readonly path: string;
  readonly #home: string;

  private constructor(path: string) {
    this.path = join(path, 'work');
    this.#home = join(path, 'home');
  }

  static async create({ snippets }: Page): Promise<UserFolder> {
    const folder = new UserFolder(await mkdtemp(join(tmpdir(), 'easel-docs-')));
    await mkdir(folder.path);
    await mkdir(folder.#home);
    await symlink(join(root, 'node_modules'), join(folder.path, 'node_modules'));
    for (const { mark, text } of snippets) {
      const name = /^file: (\S+)$/.exec(mark)?.[1];
      if (name === undefined) continue;
      await mkdir(dirname(join(folder.path, name)), { recursive: true });
      await writeFile(join(folder.path, name), text);
    }
    return folder;
  }

  /** What a script prints. Rejects where a command of it fails. */
  async run(script: string): Promise<string> {
    const bin = join(root, 'node_modules/.bin');
    const env = { ...process.env, HOME: this.#home, PATH: `${bin}:${process.env.PATH}` };
    // No pipefail: curl may still be writing when `head` has seen enough.
    const { stdout } = await run('bash', ['-eu', '-c', script], { cwd: this.path, env });
    return stdout;
  }

  async remove(): Promise<void> {
    await rm(dirname(this.path), { recursive: true, force: true, maxRetries: 10 });
  }
}
