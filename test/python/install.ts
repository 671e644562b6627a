/**
 * The clients of `requirements.txt` in a virtual environment of their own, gone when the tests have ended.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The Python that has the clients. */
    python: string;
  }
}

const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));

export default function install(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'easel-python-'));
  const python = join(folder, 'bin/python');
  execFileSync('python3', ['-m', 'venv', folder]);
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--no-compile', '--requirement', requirements]);
  project.provide('python', python);
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
}
