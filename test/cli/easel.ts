import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConfigurationInput } from '@easel/core';
import { onTestFinished } from 'vitest';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const command = path('../../core/bin/easel.js');

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
}

/**
 * A working directory for the command, with a configuration that knows the fixture plugins and models; gone
 * when the test ends.
 */
export function workingFolder(configuration: ConfigurationInput = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'easel-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  const whole = {
    currentModel: 'steady-one',
    pluginFolders: [path('../fixtures/plugins'), 'plugins'],
    catalogueFolders: [path('../fixtures/catalogue'), 'catalogue'],
    ...configuration,
  };
  writeFileSync(join(folder, 'easel.config.json'), JSON.stringify(whole));
  return folder;
}

/**
 * Starts the real command, in a process group of its own, as a shell does. Absent `input`: stdin is empty;
 * `null`: it stays open.
 */
export function start(
  folder: string,
  words: readonly string[],
  input: string | null = '',
  environment: NodeJS.ProcessEnv = {},
): Running {
  const child = spawn(process.execPath, [command, ...words], {
    cwd: folder,
    env: { ...process.env, CHAOS_KEY: 'sk-fixture-0123456789', ...environment },
    detached: true,
  });
  child.stdin.on('error', () => {});
  if (input !== null) child.stdin.end(input);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([status]) => ({
    status: status as number | null,
    stdout,
    stderr,
  }));
  return { child, ended };
}

/** Runs the real command to its end. */
export const easel = (
  folder: string,
  words: readonly string[],
  input?: string,
  environment?: NodeJS.ProcessEnv,
) => start(folder, words, input, environment).ended;
