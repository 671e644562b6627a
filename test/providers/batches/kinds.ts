/**
 * Providers whose batches are tested alike: what is the same of them in one shape, whatever their wires look
 * like.
 *
 * @module
 */
import type { ImageRequest } from '@easel/plugin-sdk';
import type { Answer, Fault, SeenRequest } from '@easel/plugin-sdk/emulator';
import { googleError, rateLimited } from '../../../plugins/gemini/src/emulator/index.js';
import { openAiError, tooManyRequests, unavailable } from '../../../plugins/parasail/src/emulator/index.js';
import { createGeminiBatchWorld, small } from '../gemini-batch-world.js';
import { createParasailWorld } from '../parasail-world.js';
import type { ProviderKernels } from '../provider-kernels.js';
import type { Sayings } from '../storm.js';

/** How batches go; each absent one as it is in the emulator. */
interface Course {
  readonly perLineMs?: number;
  readonly order?: 'reversed' | 'shuffled';
  readonly stallsAfter?: number;
  readonly expiresAfter?: number;
  readonly losesFiles?: boolean;
  readonly hidesCounts?: boolean;
}

interface WorldOptions {
  readonly course?: (index: number) => Course;
  readonly script?: (request: SeenRequest) => Fault | undefined;
  readonly settings?: Readonly<Record<string, number>>;
  readonly retries?: number;
  readonly key?: string;
}

export interface BatchWorld extends Omit<ProviderKernels, 'close'> {
  readonly emulator: {
    readonly paid: number;
    readonly batches: { readonly size: number };
    readonly files: { readonly stored: { readonly size: number } };
    readonly requests: readonly SeenRequest[];
    seen(method: string, path: RegExp): SeenRequest[];
    restart(downMs: number): Promise<void>;
  };
  /** What goes wrong from now on. */
  setScript(script: WorldOptions['script']): void;
  /** State of the first batch, in lower case. Undefined: there is none. */
  firstState(): string | undefined;
  /** Prompt of the first line of the first batch. */
  firstPrompt(): string | undefined;
}

export interface BatchKind {
  /** Id of the plugin. */
  readonly plugin: 'gemini' | 'parasail';
  readonly keyName: string;
  /** Requests that are needed to upload a file. */
  readonly uploadRequests: number;
  /** Paths of requests. */
  readonly paths: Readonly<Record<'upload' | 'create' | 'look' | 'download' | 'cancel', RegExp>>;
  /** The provider's id of the first batch. */
  readonly firstId: string;
  readonly answers: Sayings & {
    readonly refusal: (message: string) => Answer;
    /** The account cannot be used now. */
    readonly locked: () => Answer;
  };
  createWorld(options?: WorldOptions): Promise<BatchWorld>;
  /** A call that is the same each time that it is made. */
  call(prompt: string): readonly [ImageRequest, { readonly requestId?: string }];
}

const gemini: BatchKind = {
  plugin: 'gemini',
  keyName: 'GEMINI_API_KEY',
  uploadRequests: 2,
  paths: {
    upload: /^\/upload\/v1beta\/files$/,
    create: /:batchGenerateContent$/,
    look: /\/batches\/emulated\d+$/,
    download: /:download$/,
    cancel: /:cancel$/,
  },
  firstId: 'batches/emulated1',
  answers: {
    unavailable: (status = 503) => googleError(status, 'UNAVAILABLE', 'The model is overloaded.'),
    limited: () => rateLimited({ retryDelay: '0.05s' }),
    refusal: (message) => googleError(400, 'INVALID_ARGUMENT', message),
    locked: () => googleError(400, 'FAILED_PRECONDITION', 'Please enable billing on your project.'),
  },
  async createWorld(options) {
    const world = await createGeminiBatchWorld(options);
    const { emulator } = world;
    const first = () => emulator.batches.get(gemini.firstId);
    return {
      ...world,
      setScript(script) {
        emulator.script = script;
      },
      firstState: () => first()?.state.toLowerCase(),
      firstPrompt: () => first()?.created.lines[0]?.prompt,
    };
  },
  call: (prompt) => [{ prompt, ...small }, { requestId: `call of ${prompt}` }],
};

const parasail: BatchKind = {
  plugin: 'parasail',
  keyName: 'PARASAIL_API_KEY',
  uploadRequests: 1,
  paths: {
    upload: /\/files$/,
    create: /\/batches$/,
    look: /\/batches\/batch_\d+$/,
    download: /\/content$/,
    cancel: /\/cancel$/,
  },
  firstId: 'batch_1',
  answers: {
    unavailable,
    limited: () => tooManyRequests('0.05'),
    refusal: (message) => openAiError(400, { message, type: 'invalid_request_error' }),
    locked: () => openAiError(401, { message: 'The key was revoked.', type: 'invalid_request_error' }),
  },
  async createWorld(options) {
    const world = await createParasailWorld(options);
    const { emulator } = world;
    const first = () => emulator.batches.get(parasail.firstId);
    return {
      ...world,
      setScript(script) {
        emulator.script = script;
      },
      firstState: () => first()?.status,
      firstPrompt: () => first()?.created.lines[0]?.body.prompt,
    };
  },
  call: (prompt) => [{ prompt, seed: 9 }, {}],
};

export const batchKinds = [gemini, parasail] as const;

/** A fault for the first so many requests of that kind. */
export function first(count: number, method: string, path: RegExp, fault: Fault) {
  let seen = 0;
  return (request: SeenRequest): Fault | undefined =>
    request.method === method && path.test(request.path) && seen++ < count ? fault : undefined;
}
