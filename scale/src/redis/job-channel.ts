import { type Preview, type Progress, previewSchema, progressSchema } from '@easel/plugin-sdk';
import { z } from 'zod';
import { connectForCommands, connectForReading, type RedisClient, type RedisPlace } from './connect.js';
import { prefixOf } from './names.js';

const messageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('document'), id: z.string() }),
  z.object({
    type: z.literal('state'),
    id: z.string(),
    startedAt: z.number().optional(),
    end: z.unknown().optional(),
  }),
  z.object({ type: z.literal('progress'), id: z.string(), progress: progressSchema.omit({ preview: true }) }),
]);
const previewMessageSchema = z.object({
  id: z.string(),
  progress: progressSchema.omit({ preview: true }),
  preview: previewSchema.omit({ bytes: true }),
  base64: z.base64(),
});

/** What servers tell each other of jobs: that one has changed its state, or how far it is. */
export type JobMessage =
  /** One of the texts that all share has changed. */
  | { readonly type: 'document'; readonly id: string }
  | {
      readonly type: 'state';
      readonly id: string;
      /** There once it has begun, until it has ended. */
      readonly startedAt?: number | undefined;
      /** There once it has ended: what the records say of that. */
      readonly end?: unknown;
    }
  | { readonly type: 'progress'; readonly id: string; readonly progress: Progress };

/**
 * Tells all servers what happens to jobs. A message may be lost, and only wakes: what counts is in the
 * records. Looks at unfinished images travel only while somebody looks.
 */
export class JobChannel {
  readonly #name: string;
  readonly #commands: RedisClient;
  readonly #reading: RedisClient;
  readonly #lookers = new Map<string, number>();
  readonly #listeners = new Set<(message: JobMessage) => void>();
  #hearsJobs = false;

  constructor(place: RedisPlace, name: string) {
    this.#name = prefixOf(name);
    this.#commands = connectForCommands(place);
    this.#reading = connectForReading(place);
  }

  /**
   * Calls the listener for each message of any server, this one too: of texts that all share from now on, and
   * of jobs once somebody looks at one, or `hearJobs` was called.
   */
  listen(listener: (message: JobMessage) => void): void {
    if (this.#listeners.size === 0) this.#hear();
    this.#listeners.add(listener);
  }

  /** Calls back once messages come, and again whenever they come again after the connection was cut. */
  onReady(tell: () => void): void {
    if (this.#reading.status === 'ready') tell();
    this.#reading.on('ready', tell);
  }

  #hear(): void {
    const hear = (text: string) => {
      const message = readMessage(text);
      if (message) for (const listener of this.#listeners) listener(message);
    };
    this.#reading.on('message', (_channel: string, text: string) => hear(text));
    this.#reading.on('pmessage', (_pattern: string, _channel: string, text: string) => hear(text));
    void this.#reading.subscribe(this.#documents).catch(() => {});
  }

  /** What is told of jobs goes to each that hears it: a worker at which nobody looks need not. */
  hearJobs(): void {
    if (this.#hearsJobs) return;
    this.#hearsJobs = true;
    void this.#reading.subscribe(this.#events).catch(() => {});
  }

  /** Has the looks at a job come here, or those at all jobs; the function that it answers ends that. */
  look(id = '*'): () => void {
    this.hearJobs();
    const count = (change: number) => {
      const now = (this.#lookers.get(id) ?? 0) + change;
      if (now === 0) this.#lookers.delete(id);
      else this.#lookers.set(id, now);
      return now;
    };
    if (count(1) === 1) this.#follow(id, true);
    return () => {
      if (count(-1) === 0) this.#follow(id, false);
    };
  }

  tell(message: JobMessage): void {
    const channel = message.type === 'document' ? this.#documents : this.#events;
    void this.#commands.publish(channel, JSON.stringify(message)).catch(() => {});
  }

  /** Tells of a look at an unfinished image, if anybody looks. */
  async tellPreview(id: string, progress: Omit<Progress, 'preview'>, preview: Preview): Promise<void> {
    const channel = this.#previewsOf(id);
    if (!(await this.#isLookedAt(channel))) return;
    const { bytes, ...about } = preview;
    const base64 = Buffer.from(bytes).toString('base64');
    await this.#commands.publish(channel, JSON.stringify({ id, progress, preview: about, base64 }));
  }

  async #isLookedAt(channel: string): Promise<boolean> {
    // A node of a cluster knows only who listens at itself.
    if (this.#commands.isCluster) return true;
    const [lookers, patterns] = await Promise.all([
      this.#commands.call('PUBSUB', 'NUMSUB', channel),
      this.#commands.call('PUBSUB', 'NUMPAT'),
    ]);
    return patterns !== 0 || !Array.isArray(lookers) || lookers[1] !== 0;
  }

  close(): void {
    this.#commands.disconnect();
    this.#reading.disconnect();
  }

  get #events(): string {
    return `${this.#name}:events`;
  }

  get #documents(): string {
    return `${this.#name}:documents`;
  }

  #previewsOf = (id: string): string => `${this.#name}:previews:${id}`;

  #follow(id: string, isWanted: boolean): void {
    const channel = this.#previewsOf(id);
    const [begin, end] =
      id === '*'
        ? [() => this.#reading.psubscribe(channel), () => this.#reading.punsubscribe(channel)]
        : [() => this.#reading.subscribe(channel), () => this.#reading.unsubscribe(channel)];
    void (isWanted ? begin() : end()).catch(() => {});
  }
}

/** Undefined for what no server of this version says. */
function readMessage(text: string): JobMessage | undefined {
  const read: unknown = JSON.parse(text);
  const message = messageSchema.safeParse(read);
  if (message.success) return message.data;
  const look = previewMessageSchema.safeParse(read);
  if (!look.success) return undefined;
  const { id, progress, preview, base64 } = look.data;
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'));
  return { type: 'progress', id, progress: { ...progress, preview: { ...preview, bytes } } };
}
