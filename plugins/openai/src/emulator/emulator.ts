/**
 * The images API as a server has it that speaks OpenAI's: keys, generations, edits, masks, streams, images by
 * address, and batches.
 *
 * @module
 */
import {
  type Answer,
  BatchApi,
  type BatchCourse,
  drawPicture,
  EmulatedServer,
  type Script,
  type SeenRequest,
  subjectOf,
} from '@easel/plugin-sdk/emulator';
import { batchRules, type LineBody } from './batch-rules.js';
import { findProblem, problemOf, sizeOf } from './check.js';
import { type Dialect, type DialectName, dialects } from './dialects.js';
import { errorAnswer, moderated, type Problem } from './errors.js';
import { type Inputs, imagesOf, readInputs } from './inputs.js';

export interface OpenAiEmulatorOptions {
  /** Absent: a free one. */
  readonly port?: number;
  /** The server that it is like. Absent: openai. */
  readonly like?: DialectName;
  /** Absent: nothing goes wrong. */
  readonly script?: Script;
  /** How answers have their images. Absent: as base64. */
  readonly answers?: 'base64' | 'data-uri' | 'url' | 'relative-url';
}

const { status, ...error } = moderated;
/** A line whose prompt is refused fails alone. */
const outcomeOf: NonNullable<BatchCourse<LineBody>['outcome']> = ({ body }) =>
  isForbidden(body) ? { status, error } : undefined;

const isForbidden = ({ prompt }: Fields): boolean => String(prompt).includes('a forbidden thing');

/** Names of the fields that images stand in, in lines of batches. */
const lineImages = ['images'];

type Fields = Readonly<Record<string, unknown>>;

export class OpenAiEmulator extends EmulatedServer {
  answers: NonNullable<OpenAiEmulatorOptions['answers']>;
  /** Images that were made by requests of their own, and paid. */
  #direct = 0;
  readonly #api: BatchApi<LineBody> | undefined;
  /** How batches go, told of how many came before. */
  course: (index: number) => BatchCourse<LineBody> = () => ({});
  /** What came with the last edit. */
  lastInputs: Inputs | undefined;
  readonly #dialect: Dialect;
  readonly #name: DialectName;
  readonly #hosted: Buffer[] = [];

  private constructor({ like = 'openai', answers = 'base64', script }: OpenAiEmulatorOptions) {
    super(script);
    this.#name = like;
    this.#dialect = dialects[like];
    this.answers = answers;
    let serials = 0;
    if (this.#dialect.lineEdit)
      this.#api = new BatchApi<LineBody>({
        rules: batchRules(this.#dialect),
        course: (index) => ({ outcome: outcomeOf, ...this.course(index) }),
        draw: (body, serial) => this.#drawLine(body, serial),
        takeSerials: (count) => {
          serials += count;
          return serials - count;
        },
      });
  }

  /** Images that were made, and paid. */
  get paid(): number {
    return this.#direct + (this.#api?.paid ?? 0);
  }

  /** By their ids. */
  get batches(): BatchApi<LineBody>['batches'] {
    return this.#api?.batches ?? new Map();
  }

  /** Those of batches. */
  get files(): BatchApi<LineBody>['files'] | undefined {
    return this.#api?.files;
  }

  static async start(options: OpenAiEmulatorOptions = {}): Promise<OpenAiEmulator> {
    return await new OpenAiEmulator(options).listen(options.port);
  }

  /** Base URL, with the version. */
  override get url(): string {
    return `${super.url}/v1`;
  }

  protected async handle(request: SeenRequest): Promise<Answer> {
    const hosted = /^\/v1\/images\/(\d+)\/content$/.exec(request.path)?.[1];
    if (hosted !== undefined) return { status: 200, body: this.#hosted[Number(hosted)] };
    const { key } = this.#dialect;
    if (key && request.headers[key.header] !== key.value)
      return this.#refuse({ status: 401, message: 'Incorrect API key provided.', code: 'invalid_api_key' });
    const ofBatch = await this.#api?.answer(request);
    if (ofBatch) return ofBatch;
    if (request.method !== 'POST') return this.#refuse({ status: 404, message: 'Not found.' });
    if (request.path === '/v1/images/generations') return await this.#make(request, 'generate');
    if (request.path === '/v1/images/edits' && this.#dialect.edit) return await this.#make(request, 'edit');
    return this.#refuse({ status: 404, message: `Invalid URL (POST ${request.path})` });
  }

  #refuse(problem: Problem): Answer {
    return errorAnswer(this.#dialect, problem);
  }

  async #make(request: SeenRequest, kind: 'generate' | 'edit'): Promise<Answer> {
    const { edit, generate, imageFields = [] } = this.#dialect;
    const inputs = await readInputs(request, imageFields);
    const isForm = kind === 'edit' && edit?.encoding === 'form';
    if (!inputs || inputs.isForm !== isForm)
      return this.#refuse({ status: 400, message: `Expected ${isForm ? 'multipart/form-data' : 'JSON'}.` });
    const schema = kind === 'edit' && edit ? edit.fields : generate;
    const parsed = schema.safeParse(inputs.fields);
    if (!parsed.success) return this.#refuse(problemOf(parsed.error.issues[0], this.#dialect));
    const problem = await findProblem(inputs, kind === 'edit' ? edit : undefined, kind);
    if (problem) return this.#refuse(problem);
    this.lastInputs = inputs;
    const fields = parsed.data as Fields;
    if (isForbidden(fields)) return this.#refuse(moderated);
    return await this.#draw(fields, inputs, kind);
  }

  async #draw(fields: Fields, { images }: Inputs, kind: 'generate' | 'edit'): Promise<Answer> {
    const { width, height } = sizeOf(fields);
    const format = (fields.output_format as 'png' | undefined) ?? 'png';
    const subject = subjectOf(String(fields.prompt), images);
    const pictures: Buffer[] = [];
    for (let made = 0; made < Number(fields.n ?? 1); made++) {
      const serial = fields.seed === undefined ? this.#direct : Number(fields.seed) % 256;
      pictures.push(await drawPicture(subject, { width, height, format, serial }));
      this.#direct += 1;
    }
    const usage = this.#usage(pictures.length, images.length);
    if (this.#dialect.streams && String(fields.stream) === 'true')
      return await this.#stream(pictures[0] as Buffer, Number(fields.partial_images ?? 0), kind, usage);
    const data = pictures.map((picture) => this.#answerOf(picture));
    return { status: 200, body: { created: 1_700_000_000, data, usage } };
  }

  async #drawLine(body: LineBody, serial: number): Promise<object> {
    const { width, height } = sizeOf(body);
    const { images } = imagesOf(body, lineImages);
    const format = (body.output_format as 'png' | undefined) ?? 'png';
    const picture = await drawPicture(subjectOf(String(body.prompt), images), {
      ...{ width, height, format, serial: serial % 256 },
    });
    const data = [{ b64_json: picture.toString('base64') }];
    return { created: 1_700_000_000, data, usage: this.#usage(1, images.length) };
  }

  async #stream(
    picture: Buffer,
    partials: number,
    kind: 'generate' | 'edit',
    usage: object,
  ): Promise<Answer> {
    const prefix = kind === 'edit' ? 'image_edit' : 'image_generation';
    const small = (await drawPicture('unfinished', { width: 16, height: 16 })).toString('base64');
    const events: object[] = Array.from({ length: partials }, (_, index) => ({
      type: `${prefix}.partial_image`,
      b64_json: small,
      partial_image_index: index,
    }));
    events.push({ type: `${prefix}.completed`, b64_json: picture.toString('base64'), usage });
    const body = events.map(
      (event) => `event: ${(event as { type: string }).type}\ndata: ${JSON.stringify(event)}\n\n`,
    );
    return {
      status: 200,
      headers: { 'content-type': 'text/event-stream; charset=utf-8' },
      body: body.join(''),
    };
  }

  #usage(images: number, inputs: number): object {
    if (this.#name === 'xai') return { cost_in_usd_ticks: images * 200_000_000 };
    return {
      input_tokens: 20 + 300 * inputs,
      input_tokens_details: { text_tokens: 20, image_tokens: 300 * inputs },
      output_tokens: 1000 * images,
      total_tokens: 1020 * images,
    };
  }

  #answerOf(picture: Buffer): object {
    const base64 = picture.toString('base64');
    const moderation = this.#name === 'xai' ? { respect_moderation: true } : {};
    if (this.answers === 'base64') return { b64_json: base64, ...moderation };
    if (this.answers === 'data-uri') return { url: `data:image/png;base64,${base64}`, ...moderation };
    const path = `/v1/images/${this.#hosted.push(picture) - 1}/content`;
    return { url: this.answers === 'url' ? super.url + path : path, ...moderation };
  }
}
