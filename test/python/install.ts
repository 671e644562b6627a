/**
 * The clients of `requirements.txt`, gone when the tests have ended.
 *
 * @module
 */
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { installPython } from './environment.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The Python that has the clients. */
    python: string;
  }
}

export default function install(project: TestProject): () => void {
  const { python, remove } = installPython(fileURLToPath(new URL('requirements.txt', import.meta.url)));
  project.provide('python', python);
  return remove;
}
