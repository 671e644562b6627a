import { execFile } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { UsageError } from '../terminal/usage-error.js';

const run = promisify(execFile);
const packedSchema = z.array(z.object({ name: z.string() })).length(1);
const mostOutput = 16 * 1024 * 1024;

/** A folder with a package.json, in which npm installs packages. None of their scripts is run. */
export class NpmProject {
  readonly #folder: string;

  /** Throws a UsageError where there is no project. @param folder absolute */
  constructor(folder: string) {
    this.#folder = folder;
    if (existsSync(join(folder, 'package.json'))) return;
    throw new UsageError(
      `there is no package.json in ${folder}, so that npm has no project to install a plugin into`,
      'Make one there, npm init -y, or name the configuration of your project with --config.',
    );
  }

  /**
   * The name of the package that a specification leads to: a name with or without a version, a tarball, a
   * folder or a URL.
   */
  async nameOf(specification: string): Promise<string> {
    const packed = await this.#npm(['pack', '--dry-run', '--json', '--', specification]);
    const [{ name } = { name: '' }] = packedSchema.parse(JSON.parse(packed));
    return name;
  }

  async install(specification: string): Promise<void> {
    await this.#npm(['install', '--save-exact', '--no-audit', '--no-fund', '--', specification]);
  }

  /** Notes what is installed. Answers what brings it back. */
  remember(): () => Promise<void> {
    const files = ['package.json', 'package-lock.json'].map((name) => join(this.#folder, name));
    const texts = files.map((file) => (existsSync(file) ? readFileSync(file) : undefined));
    return async () => {
      for (const [index, file] of files.entries()) writeBack(file, texts[index]);
      await this.#npm(['install', '--no-audit', '--no-fund']);
      // Without a lock file, npm leaves what is in node_modules and nobody asks for.
      await this.#npm(['prune', '--no-audit', '--no-fund']);
      for (const [index, file] of files.entries()) writeBack(file, texts[index]);
    };
  }

  /** Its stdout. Throws a UsageError with npm's own words where it fails. */
  async #npm(words: readonly string[]): Promise<string> {
    const [command = '', ...rest] = words;
    const windows = process.platform === 'win32';
    try {
      const { stdout } = await run(windows ? 'npm.cmd' : 'npm', [command, '--ignore-scripts', ...rest], {
        cwd: this.#folder,
        maxBuffer: mostOutput,
      });
      return stdout;
    } catch (error) {
      const { code, stderr = '' } = error as { code?: unknown; stderr?: string };
      if (code === 'ENOENT')
        throw new UsageError('there is no npm on the PATH', 'Install npm, which comes with Node.js.');
      const words = stderr.split('\n').filter((line) => /^npm (error|ERR!)/.test(line));
      throw new UsageError(
        `npm ${command} failed: ${words.slice(0, 5).join(' ') || String(code)}`,
        'Give what npm takes: a name, name@version, a tarball, a folder or a URL.',
      );
    }
  }
}

function writeBack(file: string, text: Buffer | undefined): void {
  if (text === undefined) {
    rmSync(file, { force: true });
    return;
  }
  const staged = `${file}.${process.pid}.new`;
  writeFileSync(staged, text);
  renameSync(staged, file);
}
