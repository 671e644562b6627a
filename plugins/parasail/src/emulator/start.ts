/**
 * Parasail's API as far as the plugin and `openai` use it for pictures: keys, files, batches, models, and
 * direct calls. Protocol: docs.parasail.io (batch quickstart, batch file format), which follows
 * platform.openai.com/docs/api-reference.
 *
 * @module
 */

import {
  type Answer,
  BatchApi,
  type BatchCourse as CourseOf,
  EmulatedServer,
  notFound,
  type Script,
  type SeenRequest,
} from '@easel/plugin-sdk/emulator';
import { draw, makeDirectly } from './direct.js';
import { invalidKey } from './errors.js';
import { ImageHost } from './image-host.js';
import { type ImageBody, imageModels, inputsOf, lineRules } from './lines.js';

/** How a batch goes. */
export type BatchCourse = CourseOf<ImageBody>;

/** The key that the emulator takes. */
export const parasailKey = 'psk-emulated-key-0123456789';

export interface ParasailEmulatorOptions {
  /** Absent: a free one. */
  readonly port?: number;
  /** Absent: nothing goes wrong. */
  readonly script?: Script;
  /** Whether answers name images by their addresses, below `/images/`. Absent: no. */
  readonly answersUrls?: boolean;
  /** How the batches go, told of how many came before. Absent: each is done in a few milliseconds. */
  readonly course?: (index: number) => BatchCourse;
}

export class ParasailEmulator extends EmulatedServer {
  readonly images = new ImageHost(() => super.url);
  readonly #api: BatchApi<ImageBody>;
  #direct = 0;
  #serials = 0;

  private constructor({ script, course, answersUrls = false }: ParasailEmulatorOptions) {
    super(script);
    this.images.isUsed = answersUrls;
    this.#api = new BatchApi<ImageBody>({
      rules: lineRules,
      course,
      takeSerials: (count) => {
        this.#serials += count;
        return this.#serials - count;
      },
      draw: (body, serial) => draw(body, inputsOf(body), serial, this.images.write),
    });
  }

  static async start(options: ParasailEmulatorOptions): Promise<ParasailEmulator> {
    return await new ParasailEmulator(options).listen(options.port);
  }

  /** Pictures that were made, in batches and directly, and paid. */
  get paid(): number {
    return this.#api.paid + this.#direct;
  }

  get files(): BatchApi<ImageBody>['files'] {
    return this.#api.files;
  }

  get batches(): BatchApi<ImageBody>['batches'] {
    return this.#api.batches;
  }

  set course(course: (index: number) => BatchCourse) {
    this.#api.course = course;
  }

  /** Base URL, with the version. */
  override get url(): string {
    return `${super.url}/v1`;
  }

  protected async handle(request: SeenRequest): Promise<Answer> {
    if (request.path.startsWith('/images/')) return this.images.read(request.path);
    if (request.headers.authorization !== `Bearer ${parasailKey}`) return invalidKey();
    const answer = await this.#api.answer(request);
    if (answer) return answer;
    if (request.method === 'GET' && request.path === '/v1/models')
      return { status: 200, body: { object: 'list', data: models } };
    if (request.method === 'POST' && /^\/v1\/images\/(generations|edits)$/.test(request.path))
      return await this.#makeDirectly(request);
    return notFound(`Unknown request URL: ${request.method} ${request.path}.`);
  }

  async #makeDirectly(request: SeenRequest): Promise<Answer> {
    const answer = await makeDirectly(request, this.#serials, this.images.write);
    if (answer.status === 200) {
      this.#serials += 1;
      this.#direct += 1;
    }
    return answer;
  }
}

const models = [...imageModels].map((id) => ({ id, object: 'model', created: 1, owned_by: 'parasail' }));

export const startParasailEmulator = (options: ParasailEmulatorOptions = {}): Promise<ParasailEmulator> =>
  ParasailEmulator.start(options);
