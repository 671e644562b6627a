import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inject, onTestFinished } from 'vitest';

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A fresh project outside of the repository. */
export interface Host {
  readonly folder: string;
  /** Folder of npm's cache, where `npx` installs. */
  readonly cache: string;
  /** Writes files, by their paths in the project. */
  write(files: Readonly<Record<string, string>>): void;
  /** Makes what `npx` has installed for it its own, as `npm install` would: without installing it twice. */
  adopt(): void;
  /** Runs a command in the project; resolves with how it ended, whatever that is. */
  run(command: string, words: readonly string[], environment?: NodeJS.ProcessEnv): Promise<Ended>;
  /** Runs a command that has to succeed; resolves with what it has printed. */
  expect(command: string, words: readonly string[], environment?: NodeJS.ProcessEnv): Promise<string>;
}

/**
 * Makes a project of these files, with a home folder of its own; it is gone when the test ends.
 *
 * @param atEnd takes what removes the project. Absent: the test that runs does it at its end
 */
export function createHost(
  files: Readonly<Record<string, string>> = {},
  atEnd: (remove: () => void) => void = onTestFinished,
): Host {
  const root = mkdtempSync(join(tmpdir(), 'easel-host-'));
  atEnd(() => rmSync(root, { recursive: true, force: true, maxRetries: 3 }));
  const folder = join(root, 'project');
  const environment = {
    PATH: process.env.PATH,
    HOME: join(root, 'home'),
    npm_config_registry: inject('registry'),
    npm_config_cache: join(root, 'npm'),
    // Where npm is configured for it, that is one installation of Node.js.
    ...(inject('cafile') === 'null' ? {} : { npm_config_cafile: inject('cafile') }),
    npm_config_prefer_offline: 'true',
    npm_config_update_notifier: 'false',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_yes: 'true',
    npm_config_engine_strict: process.env.npm_config_engine_strict ?? 'true',
  };
  const host: Host = {
    folder,
    cache: environment.npm_config_cache,
    write(written) {
      for (const [path, text] of Object.entries(written)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
    },
    adopt() {
      const [installed = ''] = readdirSync(join(environment.npm_config_cache, '_npx'));
      const packages = join(environment.npm_config_cache, '_npx', installed, 'node_modules');
      renameSync(packages, join(folder, 'node_modules'));
    },
    async run(command, words, more = {}) {
      const child = spawn(command, words, {
        cwd: folder,
        env: { ...environment, ...more },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const printed = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const)
        child[name].setEncoding('utf8').on('data', (text: string) => {
          printed[name] += text;
        });
      const [status] = (await once(child, 'close')) as [number | null];
      return { status, ...printed };
    },
    async expect(command, words, more) {
      const { status, stdout, stderr } = await host.run(command, words, more);
      if (status === 0) return stdout;
      throw new Error(`${command} ${words.join(' ')}: status ${status}\n${stdout}\n${stderr}`);
    },
  };
  for (const made of [folder, environment.HOME, environment.npm_config_cache]) mkdirSync(made);
  // Downloads are shared; what npx has installed is not: it would be an earlier build of the same version.
  symlinkSync(join(inject('cache'), '_cacache'), join(environment.npm_config_cache, '_cacache'));
  host.write(files);
  return host;
}
