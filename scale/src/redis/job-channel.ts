import { type Progress, progressSchema } from '@easel/plugin-sdk';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { connectForCommands, connectForReading, type RedisPlace } from './connect.js';
import { prefixOf } from './job-transport.js';

const messageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('state'), id: z.string() }),
  z.object({ type: z.literal('progress'), id: z.string(), progress: progressSchema }),
]);

/** What servers tell each other of jobs: that one has changed its state, or how far it is. */
export type JobMessage =
  | { readonly type: 'state'; readonly id: string }
  | { readonly type: 'progress'; readonly id: string; readonly progress: Omit<Progress, 'preview'> };

/**
 * Tells all servers what happens to jobs. A message may be lost, and only wakes: what counts is in the
 * records.
 */
export class JobChannel {
  readonly #name: string;
  readonly #commands: Redis;
  readonly #reading: Redis;

  constructor(place: RedisPlace, name: string) {
    this.#name = `${prefixOf(name)}:events`;
    this.#commands = connectForCommands(place);
    this.#reading = connectForReading(place);
  }

  /** Calls the listener for each message of any server, this one too. */
  listen(listener: (message: JobMessage) => void): void {
    this.#reading.on('message', (_channel: string, text: string) => {
      const parsed = messageSchema.safeParse(JSON.parse(text));
      if (parsed.success) listener(parsed.data as JobMessage);
    });
    void this.#reading.subscribe(this.#name).catch(() => {});
  }

  tell(message: JobMessage): void {
    void this.#commands.publish(this.#name, JSON.stringify(message)).catch(() => {});
  }

  close(): void {
    this.#commands.disconnect();
    this.#reading.disconnect();
  }
}
