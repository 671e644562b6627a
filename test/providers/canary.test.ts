import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { createImageServiceManager, type ImageServiceManager, type KernelEventName } from '@easel/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { geminiKey, googleError, startGeminiEmulator } from '../../plugins/gemini/src/emulator/index.js';
import { parasailKey, startParasailEmulator } from '../../plugins/parasail/src/emulator/index.js';
import { runwareKey, startRunwareEmulator } from '../../plugins/runware/src/emulator/index.js';

/** Keys are looked for in all that leaves the kernel, and in what other processes of the machine can see. */
const root = fileURLToPath(new URL('../../', import.meta.url));
const events: readonly KernelEventName[] = [
  ...(['plugin-starting', 'plugin-ready', 'plugin-failed', 'plugin-backoff', 'plugin-stopped'] as const),
  ...(['plugin-log', 'attempt-ended', 'circuit-open', 'circuit-closed'] as const),
];

/** All that a kernel says while it works, as text. */
interface Heard {
  readonly manager: ImageServiceManager;
  readonly storageFolder: string;
  readonly words: string[];
}

interface Keys {
  readonly runware: string;
  readonly gemini: string;
  readonly parasail: string;
}

async function listen(
  keys: Keys,
): Promise<Heard & { gemini: Awaited<ReturnType<typeof startGeminiEmulator>> }> {
  const [runware, gemini, parasail] = [
    await startRunwareEmulator({}),
    await startGeminiEmulator(),
    await startParasailEmulator({}),
  ];
  const storageFolder = await mkdtemp(join(tmpdir(), 'easel-canary-'));
  const words: string[] = [];
  const log = (message: string, details?: object) => void words.push(`${message} ${inspect(details)}`);
  const environment = {
    ...{ RUNWARE_API_KEY: keys.runware, GEMINI_API_KEY: keys.gemini },
    ...{ PARASAIL_API_KEY: keys.parasail },
  };
  const quickBatches = { gatherMs: 60, firstPollMs: 10, longestPollMs: 40, settleMs: 150 };
  const manager = createImageServiceManager({
    ...{ bundled: false, environment, metrics: true },
    logger: { debug: log, info: log, warn: log, error: log },
    configuration: {
      pluginFolders: [join(root, 'plugins')],
      catalogueFolders: [join(root, 'models/catalogue'), join(root, 'test/fixtures/parasail-catalogue')],
      ...{ storageFolder, retries: 0 },
      plugins: {
        runware: {
          options: { webSocketUrl: runware.url, httpUrl: runware.httpUrl, allowPrivateAddresses: true },
        },
        gemini: { options: { baseUrl: gemini.url } },
        parasail: { options: { baseUrl: parasail.url, ...quickBatches } },
      },
    },
  });
  for (const name of events)
    manager.on(name, (event) => words.push(`${name} ${inspect(event, { depth: 8 })}`));
  onTestFinished(async () => {
    await manager.close();
    await Promise.all([runware.close(), gemini.close(), parasail.close()]);
    await rm(storageFolder, { recursive: true, force: true, maxRetries: 10 });
  });
  return { manager, storageFolder, words, gemini };
}

/** One call, and whatever comes of it. */
async function call({ manager, words }: Heard, model: string): Promise<string> {
  try {
    const { images, ...result } = await manager.generateImage({
      prompt: 'a canary',
      model,
      timeoutMs: 20_000,
    });
    words.push(
      inspect(result, { depth: 8 }),
      ...images.map(({ bytes }) => Buffer.from(bytes).toString('latin1')),
    );
    return 'ok';
  } catch (error) {
    words.push(
      inspect(error, { depth: 8, showHidden: true }),
      JSON.stringify(error),
      String((error as Error).stack),
    );
    return (error as { code: string }).code;
  }
}

/** What else the kernel can be asked for, and what lies on its disk. */
async function collect({ manager, storageFolder, words }: Heard): Promise<void> {
  words.push(JSON.stringify(manager.getServiceHealth()), JSON.stringify(manager.getAvailableModels()));
  words.push(JSON.stringify(manager.configuration), (await manager.getMetrics()).text);
  const files = await readdir(storageFolder, { recursive: true, withFileTypes: true });
  for (const file of files.filter((entry) => entry.isFile())) {
    const path = join(file.parentPath, file.name);
    words.push(path, await readFile(path, 'latin1'));
  }
}

/** Command lines and environments of all processes that can be seen. */
async function listProcesses(): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const read = (id: string, what: string) => readFile(`/proc/${id}/${what}`, 'latin1').catch(() => '');
  return await Promise.all(ids.flatMap((id) => [read(id, 'cmdline'), read(id, 'environ')]));
}

const models = ['runware-sdxl', 'gemini-3.1-flash-image', 'emulated-flux'];

function expectNowhere(words: readonly string[], keys: Keys): void {
  for (const key of Object.values(keys) as string[]) {
    const forms = [key, encodeURIComponent(key), Buffer.from(key).toString('base64')];
    const found = words.filter((text) => forms.some((form) => text.includes(form)));
    expect(found.map((text) => text.slice(0, 300))).toEqual([]);
  }
}

describe('a key', () => {
  it('is nowhere after calls that succeed and one whose error quotes it', async () => {
    const keys: Keys = { runware: runwareKey, gemini: geminiKey, parasail: parasailKey };
    const heard = await listen(keys);
    const outcomes: string[] = [];
    for (const model of models) outcomes.push(await call(heard, model));
    expect(outcomes).toEqual(['ok', 'ok', 'ok']);
    heard.gemini.script = () => ({
      answer: googleError(400, 'INVALID_ARGUMENT', `The key ${geminiKey} may not do that.`),
    });
    expect(await call(heard, models[1]!)).not.toBe('ok');
    const processes = await listProcesses();
    await collect(heard);
    // The search itself works: what was asked for is found.
    expect(heard.words.filter((text) => text.includes('a canary')).length).toBeGreaterThan(0);
    expect(processes.filter((text) => text.includes('node')).length).toBeGreaterThan(0);
    expectNowhere([...heard.words, ...processes], keys);
  });

  it('is nowhere after calls that fail for it', async () => {
    const keys: Keys = { runware: 'canary-R-7f3a91', gemini: 'canary-G-7f3a91', parasail: 'canary-P-7f3a91' };
    const heard = await listen(keys);
    const outcomes: string[] = [];
    for (const model of models) outcomes.push(await call(heard, model));
    expect(outcomes).toEqual(['ERR_PROVIDER_AUTH', 'ERR_PROVIDER_AUTH', 'ERR_PROVIDER_AUTH']);
    const processes = await listProcesses();
    await collect(heard);
    expectNowhere([...heard.words, ...processes], keys);
  });

  it('is nowhere after the process that has it was killed', async () => {
    const keys: Keys = { runware: runwareKey, gemini: geminiKey, parasail: parasailKey };
    const heard = await listen(keys);
    await call(heard, models[1]!);
    const { pid } = heard.manager.getServiceHealth().plugins.find(({ id }) => id === 'gemini')!;
    process.kill(pid!, 'SIGKILL');
    await call(heard, models[1]!);
    await collect(heard);
    expectNowhere(heard.words, keys);
  });
});
