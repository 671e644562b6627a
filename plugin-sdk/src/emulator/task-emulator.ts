import { randomUUID } from 'node:crypto';
import { type Answer, EmulatedServer, type Script, type SeenRequest } from './http-emulator.js';
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

type TaskAnswer = (request: SeenRequest, emulator: TaskEmulator) => Promise<Answer> | Answer;

const slowMs = 4_000;

/**
 * A provider that answers a request with an id, and makes the images later. A prompt with "slowly" in it
 * takes 4 seconds; one with "a forbidden thing" ends without images.
 */
export class TaskEmulator extends EmulatedServer {
  readonly tasks = new Map<string, EmulatedTask>();
  /** Webhooks that were answered, with what. */
  readonly told: { readonly url: string; readonly status: number }[] = [];
  /** Whether images cannot be had at their addresses. */
  isHostDown = false;
  readonly #options: TaskEmulatorOptions;
  readonly #hosted = new Map<string, { readonly bytes: Buffer; readonly until: number }>();
  readonly #answer: TaskAnswer;

  private constructor(options: TaskEmulatorOptions, answer: TaskAnswer) {
    super(options.script);
    this.#options = options;
    this.#answer = answer;
  }

  /** Starts one that listens on 127.0.0.1. `answer` is asked about what is not an image. */
  static async start(options: TaskEmulatorOptions, answer: TaskAnswer): Promise<TaskEmulator> {
    return await new TaskEmulator(options, answer).listen(options.port);
  }

  protected async handle(request: SeenRequest): Promise<Answer> {
    return this.#image(request) ?? (await this.#answer(request, this));
  }

  /** Images that were made, and paid. */
  get paid(): number {
    const made = [...this.tasks.values()].filter(({ isCancelled, isRefused }) => !isCancelled && !isRefused);
    return made.reduce((sum, { pictures }) => sum + pictures.length, 0);
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

  /** Posts what is told of a task, once it has ended, as a provider does that was asked to. */
  tell(
    { readyAt }: EmulatedTask,
    url: string,
    describe: () => Promise<{ readonly headers: Readonly<Record<string, string>>; readonly body: string }>,
  ): void {
    const post = async () => {
      const { headers, body } = await describe();
      const type = { 'content-type': 'application/json' };
      const { status } = await fetch(url, { method: 'POST', headers: { ...type, ...headers }, body });
      this.told.push({ url, status });
    };
    const timer = setTimeout(() => void post().catch(() => {}), Math.max(0, readyAt - Date.now()));
    timer.unref();
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
