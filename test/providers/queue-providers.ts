import type { TaskEmulator, TaskEmulatorOptions } from '@easel/plugin-sdk/emulator';
import { emulatedKey as bflKey, startBflEmulator } from '../../plugins/bfl/src/emulator/index.js';
import { emulatedKey as falKey, startFalEmulator } from '../../plugins/fal/src/emulator/index.js';
import {
  emulatedKey as replicateKey,
  startReplicateEmulator,
} from '../../plugins/replicate/src/emulator/index.js';

/** A provider whose tasks are asked about by an id, with its emulator. */
export interface QueueProvider {
  readonly id: string;
  readonly model: string;
  /** One that edits images. */
  readonly editor: string;
  readonly secrets: Readonly<Record<string, string>>;
  start(options?: TaskEmulatorOptions): Promise<TaskEmulator>;
  /** Options of the plugin that lead to an emulator. */
  optionsFor(emulator: TaskEmulator): Readonly<Record<string, string | number | boolean>>;
  /** Paths of requests that begin a task, and of those that ask about one. */
  readonly submit: RegExp;
  readonly ask: RegExp;
  /** Whether a task cannot be cancelled there. Absent: it can. */
  readonly isUnstoppable?: boolean;
}

/** Waits of milliseconds, where the real ones are of seconds. */
const fast = { allowPrivateAddresses: true, firstPollMs: 20, longestPollMs: 80, requestMs: 3_000 };

export const queueProviders: readonly QueueProvider[] = [
  {
    id: 'fal',
    model: 'fal-flux-schnell',
    editor: 'fal-flux-kontext-pro',
    secrets: { FAL_KEY: falKey },
    start: startFalEmulator,
    optionsFor: ({ url }) => ({ baseUrl: url, ...fast }),
    submit: /^\/fal-ai\/(?!.*\/requests\/)/,
    ask: /\/requests\//,
  },
  {
    id: 'replicate',
    model: 'replicate-flux-schnell',
    editor: 'replicate-flux-2-pro',
    secrets: { REPLICATE_API_TOKEN: replicateKey },
    start: startReplicateEmulator,
    optionsFor: ({ url }) => ({ baseUrl: `${url}/v1`, ...fast }),
    submit: /\/v1\/(models\/.*\/)?predictions$/,
    ask: /\/v1\/predictions\/[^/]+$/,
  },
  {
    id: 'bfl',
    model: 'bfl-flux-2-pro',
    editor: 'bfl-flux-kontext-pro',
    secrets: { BFL_API_KEY: bflKey },
    start: startBflEmulator,
    optionsFor: ({ url }) => ({ baseUrl: `${url}/v1`, ...fast }),
    submit: /^\/v1\/flux/,
    ask: /\/get_result$/,
    isUnstoppable: true,
  },
];
