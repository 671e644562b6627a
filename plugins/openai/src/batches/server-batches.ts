import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EaselError, type Logger } from '@easel/plugin-sdk';
import { Batches, openAiBatchDriver } from '@easel/plugin-sdk/batch';
import { refusedBy } from '../failures.js';
import { type FoundServer, findServer } from '../find-server.js';
import type { Config } from '../settings.js';
import { BatchClient } from './client.js';

/** 200 MB in OpenAI's documents; a little is left. */
const mostBytes = 190_000_000;

export interface ServerBatchesOptions {
  readonly config: Config;
  readonly secrets: Readonly<Record<string, string>>;
  readonly logger: Logger;
  readonly storageFolder: string;
}

/** The batches of each server that has them. */
export class ServerBatches {
  readonly #options: ServerBatchesOptions;
  readonly #opened = new Map<string, Promise<Batches>>();

  private constructor(options: ServerBatchesOptions) {
    this.#options = options;
  }

  /** Takes up what processes before this one have left at servers whose keys are there. */
  static async open(options: ServerBatchesOptions): Promise<ServerBatches> {
    const all = new ServerBatches(options);
    const { config, secrets } = options;
    for (const id of new Set(['openai', ...Object.keys(config.servers)])) {
      const server = foundServer(id, config, secrets);
      if (server?.batches) await (await all.of(server)).refresh();
    }
    return all;
  }

  /** @throws EaselError ERR_REQUEST_INVALID where the server has no batches */
  async of(server: FoundServer): Promise<Batches> {
    const { id, name } = server;
    if (!server.batches)
      throw new EaselError({
        code: 'ERR_REQUEST_INVALID',
        field: 'providerOptions.openai',
        message: `providerOptions.openai.delivery: ${name} has no batches.`,
      });
    const batches = this.#opened.get(id) ?? this.#open(server);
    this.#opened.set(id, batches);
    return await batches;
  }

  async #open(server: FoundServer): Promise<Batches> {
    const { config, logger, storageFolder } = this.#options;
    const folder = join(storageFolder, 'batches', server.id);
    await mkdir(folder, { recursive: true });
    const driver = openAiBatchDriver({
      provider: server.name,
      mostBytes,
      client: new BatchClient(server, config.requestMs),
      failureOf: refusedBy,
    });
    return new Batches({ driver, settings: config, logger, storageFolder: folder });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#opened.values()].map(async (batches) => await (await batches).close()));
  }
}

/** Undefined: it has no key, or no address, and nothing of ours is there. */
function foundServer(
  id: string,
  config: Config,
  secrets: ServerBatchesOptions['secrets'],
): FoundServer | undefined {
  try {
    return findServer(id, config, secrets);
  } catch {
    return undefined;
  }
}
