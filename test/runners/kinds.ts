import { fileURLToPath } from 'node:url';
import type { GenerationRequest, ValidGenerationResult } from '@easel/plugin-sdk';
import { onTestFinished } from 'vitest';
import { InlineRunner } from '../../core/src/kernel/runner/inline-runner.js';
import { createProcessRunner } from '../../core/src/kernel/runner/process-runner.js';
import type { Runner, RunnerCall } from '../../core/src/kernel/runner/runner.js';
import { createThreadRunner } from '../../core/src/kernel/runner/thread-runner.js';

export const folder = fileURLToPath(new URL('../fixtures/runner-plugins', import.meta.url));

export const kinds = {
  process: createProcessRunner,
  thread: createThreadRunner,
  inline: (options: Parameters<typeof createProcessRunner>[0]): Runner => new InlineRunner(options),
};
export type Kind = keyof typeof kinds;

export interface Line {
  readonly level: string;
  readonly message: string;
}

export interface Choices {
  readonly entry?: string;
  readonly config?: object;
  readonly stallMs?: number;
  readonly heapMb?: number;
  readonly memoryMb?: number;
  readonly logLinesPerSecond?: number;
  readonly protocol?: number;
}

/**
 * A runner of the obliging plugin, or of another entry beside it, ended when the test ends; and the lines
 * that it logs.
 */
export function createRunner(kind: Kind, choices: Choices = {}): { runner: Runner; lines: Line[] } {
  const {
    entry = 'obliging.js',
    config = {},
    stallMs = 2_000,
    heapMb,
    memoryMb,
    logLinesPerSecond = 500,
    protocol = 2,
  } = choices;
  const lines: Line[] = [];
  const runner = kinds[kind]({
    start: {
      plugin: 'obliging',
      protocol,
      folder,
      entry: `${folder}/${entry}`,
      lacksSdk: false,
      config,
      secrets: {},
      logLinesPerSecond,
    },
    limits: { stallMs, heapMb, memoryMb },
    permissions: {
      readableFolders: undefined,
      storageFolder: undefined,
      childProcesses: false,
      workers: false,
      native: false,
    },
    onLog: (level, message) => void lines.push({ level, message }),
  });
  onTestFinished(async () => {
    runner.kill(new Error('the test has ended'));
    await runner.ended;
  });
  return { runner, lines };
}

/** The same, started. */
export async function startRunner(kind: Kind, choices: Choices = {}) {
  const made = createRunner(kind, choices);
  await made.runner.start();
  return made;
}

/** Asks the plugin for one of its deeds. */
export function ask(
  runner: Runner,
  deed: string,
  { signal = new AbortController().signal, onProgress = () => {}, ...others }: Partial<RunnerCall> = {},
): Promise<ValidGenerationResult> {
  const request: Partial<GenerationRequest> = { prompt: deed, options: {} };
  return runner.generate(request as GenerationRequest, {
    signal,
    onProgress,
    ...others,
  });
}
