import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager, type ImageServiceManager } from '@easel/core';
import type { SeenRequest } from '@easel/plugin-sdk/emulator';
import { ComfyEmulator } from '../../plugins/comfyui/src/emulator/index.js';
import { geminiKey, startGeminiEmulator } from '../../plugins/gemini/src/emulator/index.js';
import {
  type DialectName,
  dialects,
  emulatedKey,
  OpenAiEmulator,
} from '../../plugins/openai/src/emulator/index.js';
import { parasailKey, startParasailEmulator } from '../../plugins/parasail/src/emulator/index.js';
import { runwareKey, startRunwareEmulator } from '../../plugins/runware/src/emulator/index.js';
import { SdapiEmulator } from '../../plugins/sdapi/src/emulator/index.js';
import {
  StabilityEmulator,
  emulatedKey as stabilityKey,
} from '../../plugins/stability/src/emulator/index.js';
import { queueProviders } from './queue-providers.js';

/** One kernel that has every hosted provider, each led to its emulator. */
export interface EveryProvider {
  readonly manager: ImageServiceManager;
  /**
   * All that the emulators were asked to make until now, without what differs from call to call of the same
   * request, in an order of its own.
   */
  wire(): string[];
  /** Forgets what they were asked. */
  forget(): void;
  close(): Promise<void>;
}

interface Seeing {
  wire(): string[];
  forget(): void;
  close(): Promise<void>;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/** @param catalogues folders below the repository's, beside the catalogue */
export async function openEveryProvider(catalogues: readonly string[]): Promise<EveryProvider> {
  const secrets: Record<string, string> = {
    ...{ GEMINI_API_KEY: geminiKey, RUNWARE_API_KEY: runwareKey, STABILITY_API_KEY: stabilityKey },
    ...{ PARASAIL_API_KEY: parasailKey, OPENAI_API_KEY: emulatedKey, AZURE_OPENAI_API_KEY: emulatedKey },
    ...{ XAI_API_KEY: emulatedKey, TOGETHER_API_KEY: emulatedKey },
  };
  const names = Object.keys(dialects) as DialectName[];
  const openai = await Promise.all(names.map((like) => OpenAiEmulator.start({ like })));
  const queues = await Promise.all(queueProviders.map(({ start }) => start()));
  const [runware, gemini, stability, parasail, sdapi, comfyui] = await Promise.all([
    ...([startRunwareEmulator(), startGeminiEmulator(), StabilityEmulator.start()] as const),
    ...([startParasailEmulator(), SdapiEmulator.start(), ComfyEmulator.start()] as const),
  ]);
  const servers = Object.fromEntries(
    names.map((like, index) => [like, { like, baseUrl: (openai[index] as OpenAiEmulator).url }]),
  );
  const quick = { gatherMs: 20, firstPollMs: 10, longestPollMs: 40 };
  const plugins = {
    ...Object.fromEntries(
      queueProviders.map(({ id, optionsFor }, index) => [id, optionsFor(queues[index] as never)]),
    ),
    openai: { servers },
    runware: { webSocketUrl: runware.url, httpUrl: runware.httpUrl, allowPrivateAddresses: true },
    gemini: { baseUrl: gemini.url, background: { firstPollMs: 20, longestPollMs: 80 } },
    stability: { baseUrl: `${stability.url}/v2beta` },
    parasail: { baseUrl: parasail.url, ...quick },
    sdapi: { baseUrl: sdapi.url, progressMs: 20 },
    comfyui: { baseUrl: comfyui.url, pollMs: 20 },
  };
  const storageFolder = await mkdtemp(join(tmpdir(), 'easel-every-provider-'));
  const manager = createImageServiceManager({
    bundled: false,
    environment: { ...secrets, ...Object.assign({}, ...queueProviders.map(({ secrets }) => secrets)) },
    configuration: {
      storageFolder,
      retries: 0,
      pluginFolders: [join(root, 'plugins')],
      catalogueFolders: ['models/catalogue', ...catalogues].map((folder) => join(root, folder)),
      plugins: Object.fromEntries(Object.entries(plugins).map(([id, options]) => [id, { options }])),
    },
  });
  const seeing: Seeing[] = [
    ...[...openai, ...queues, gemini, stability, parasail, sdapi, comfyui].map(seeingRequests),
    {
      wire: () => runware.frames.flatMap(({ json }) => (json as object[]).filter(makes).map(written)),
      forget: () => void runware.frames.splice(0),
      close: () => runware.close(),
    },
  ];
  return {
    manager,
    wire: () => seeing.flatMap((each) => each.wire()).sort(),
    forget() {
      for (const each of seeing) each.forget();
    },
    async close() {
      await manager.close();
      await Promise.all(seeing.map((each) => each.close()));
      await rm(storageFolder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

type Requests = Pick<OpenAiEmulator, 'close'> & { readonly requests: readonly SeenRequest[] };

function seeingRequests(emulator: Requests): Seeing {
  let from = 0;
  return {
    wire: () => emulator.requests.slice(from).filter(isMade).map(writtenRequest),
    forget() {
      from = emulator.requests.length;
    },
    close: () => emulator.close(),
  };
}

/** Whether it asks for something, and not how that is. */
const isMade = ({ method, path }: SeenRequest): boolean => method === 'POST' && !path.endsWith('/progress');

/** Whether a message to Runware asks for something. */
const makes = (message: object): boolean =>
  !/"taskType":"(authentication|ping|getResponse|getTaskDetails)"/.test(JSON.stringify(message));

const writtenRequest = ({ path, query, headers, body, json }: SeenRequest): string => {
  const [, boundary = '\0'] = /boundary=(.+)$/.exec(headers['content-type'] ?? '') ?? [];
  const text = json === undefined ? body.toString('latin1').replaceAll(boundary, '') : JSON.stringify(json);
  return `${withoutIds(path)} ${JSON.stringify(query)} ${withoutIds(text)}`;
};

const written = (message: object): string => withoutIds(JSON.stringify(message));

/** What is drawn for each call. */
const withoutIds = (text: string): string =>
  text.replace(/[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}/g, 'id');
