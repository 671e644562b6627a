/**
 * Virtual environments of Python, for what tests need of its package index.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface PythonEnvironment {
  /** The Python that has the packages. */
  readonly python: string;
  /** Removes it. */
  remove(): void;
}

/** What a `requirements.txt` lists, in an environment of its own. Takes some ten seconds. */
export function installPython(requirements: string): PythonEnvironment {
  const folder = mkdtempSync(join(tmpdir(), 'easel-python-'));
  const python = join(folder, 'bin/python');
  execFileSync('python3', ['-m', 'venv', folder]);
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--no-compile', '--requirement', requirements]);
  return { python, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }) };
}
