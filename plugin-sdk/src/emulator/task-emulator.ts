import { randomUUID } from 'node:crypto';
import { type Answer, type Fault, HttpEmulator, type Script, type SeenRequest } from './http-emulator.js';
import { type DrawnPicture, drawPicture } from './picture.js';

/** A task that an emulated provider has taken. */
export interface EmulatedTask {
  readonly id: string;
  /** As the client sent it. */
  readonly input: Readonly<{ [name: string]: unknown }>;
  /** What its images show. */
  readonly subject: string;
  readonly pictures: readonly DrawnPicture[];
  /** Milliseconds since 1970 from which on its images are there. */
  readonly readyAt: number;
  /** It ends without images, on grounds of content. */
  readonly isRefused: boolean;
  isCancelled: boolean;
}

export interface TaskEmulatorOptions {
  /** Absent: a free one. */
  readonly port?: number | undefined;
  /** Absent: nothing goes wrong. */
  readonly script?: Script | undefined;
  /** Milliseconds that a task takes. Absent: 20. */
  readonly workMs?: number | undefined;
  /** Milliseconds that the address of an image leads to it. Absent: for ever. */
  readonly imageMs?: number | undefined;
}

const slowMs = 4_000;

/**
 * A provider that answers a request with an id, and makes the images later. A prompt with "slowly" in it
 * takes 4 seconds; one with "a forbidden thing" ends without images.
 */
export class TaskEmulator {
  readonly tasks = new Map<string, EmulatedTask>();
  /** Whether images cannot be had at their addresses. */
  isHostDown = false;
  readonly #options: TaskEmulatorOptions;
  readonly #hosted = new Map<string, { readonly bytes: Buffer; readonly until: number }>();
  #http: HttpEmulator | undefined;

  private constructor(options: TaskEmulatorOptions) {
    this.#options = options;
  }

  /** Starts one that listens on 127.0.0.1. `handle` answers what is not about an image. */
  static async start(
    options: TaskEmulatorOptions,
    handle: (request: SeenRequest, emulator: TaskEmulator) => Promise<Answer> | Answer,
  ): Promise<TaskEmulator> {
    const emulator = new TaskEmulator(options);
    emulator.#http = await HttpEmulator.start<Fault>({
      port: options.port ?? 0,
      script: options.script,
      handle: async (request) => emulator.#image(request) ?? (await handle(request, emulator)),
    });
    return emulator;
  }

  get #server(): HttpEmulator {
    if (!this.#http) throw new Error('not started');
    return this.#http;
  }

  get url(): string {
    return this.#server.url;
  }

  /** Images that were made, and paid. */
  get paid(): number {
    const made = [...this.tasks.values()].filter(({ isCancelled, isRefused }) => !isCancelled && !isRefused);
    return made.reduce((sum, { pictures }) => sum + pictures.length, 0);
  }

  set script(script: Script | undefined) {
    this.#server.script = script;
  }

  /** Requests that have been read and not answered. */
  get unanswered(): readonly SeenRequest[] {
    return this.#server.unanswered;
  }

  seen(method: string, path: RegExp): SeenRequest[] {
    return this.#server.seen(method, path);
  }

  restart(downMs?: number): Promise<void> {
    return this.#server.restart(downMs);
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  /** Takes a task. */
  begin(task: Pick<EmulatedTask, 'input' | 'subject' | 'pictures'> & { readonly id?: string }): EmulatedTask {
    const { workMs = 20 } = this.#options;
    const begun: EmulatedTask = {
      id: randomUUID(),
      ...task,
      readyAt: Date.now() + (task.subject.includes('slowly') ? slowMs : workMs),
      isRefused: task.subject.includes('a forbidden thing'),
      isCancelled: false,
    };
    this.tasks.set(begun.id, begun);
    return begun;
  }

  isReady({ readyAt }: EmulatedTask): boolean {
    return Date.now() >= readyAt;
  }

  /** Addresses of the images of a task that is ready. */
  async addressesOf({ id, subject, pictures }: EmulatedTask): Promise<string[]> {
    const { imageMs = Number.POSITIVE_INFINITY } = this.#options;
    return await Promise.all(
      pictures.map(async (picture, index) => {
        const path = `/images/${id}/${index}`;
        if (!this.#hosted.has(path))
          this.#hosted.set(path, { bytes: await drawPicture(subject, picture), until: Date.now() + imageMs });
        return this.url + path;
      }),
    );
  }

  #image({ method, path, headers }: SeenRequest): Answer | undefined {
    if (!path.startsWith('/images/')) return undefined;
    const hosted = this.#hosted.get(path);
    if (this.isHostDown) return { status: 503 };
    // Whoever sends the key to the host of images gives it away.
    if (headers.authorization ?? headers['x-key'])
      return { status: 400, body: 'no credentials are wanted here' };
    return method === 'GET' && hosted && Date.now() < hosted.until
      ? { status: 200, body: hosted.bytes }
      : { status: 404 };
  }
}
