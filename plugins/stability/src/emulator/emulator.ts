/**
 * Stability AI: forms that are answered with an image as base64, refusals that come as a success.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises';
import {
  type Answer,
  drawPicture,
  EmulatedServer,
  type Script,
  type SeenRequest,
  subjectOf,
} from '@easel/plugin-sdk/emulator';
import { models, sizeOf } from './models.js';

export const emulatedKey = 'sk-emulated0123456789abcdef';

export interface StabilityEmulatorOptions {
  /** Absent: a free one. */
  readonly port?: number;
  readonly script?: Script;
}

const slowMs = 4_000;

/** An error as Stability AI has them. */
export const problem = (status: number, name: string, ...errors: string[]): Answer => ({
  status,
  body: { id: 'a1b2c3', name, errors },
});

/** Fields and files of a form. Undefined: it is none. */
export async function readForm({ body, headers }: Pick<SeenRequest, 'body' | 'headers'>) {
  const type = headers['content-type'] ?? '';
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } })
    .formData()
    .catch(() => undefined);
  return form && type.startsWith('multipart/form-data') ? Object.fromEntries(form) : undefined;
}

export class StabilityEmulator extends EmulatedServer {
  /** Images that were made, and paid; blurred ones too. */
  paid = 0;

  static async start({ port, script }: StabilityEmulatorOptions = {}): Promise<StabilityEmulator> {
    return await new StabilityEmulator(script).listen(port);
  }

  protected async handle(request: SeenRequest): Promise<Answer> {
    const { method, path, headers } = request;
    if (headers.authorization !== `Bearer ${emulatedKey}`)
      return problem(401, 'unauthorized', 'authorization: invalid or missing header value');
    const name = path.replace('/v2beta/', '');
    const model = Object.hasOwn(models, name) ? models[name] : undefined;
    if (method !== 'POST' || !model)
      return problem(404, 'not_found', 'The specified resource was not found.');
    if (!/^(application\/json|image\/\*)/.test(headers.accept ?? ''))
      return problem(400, 'bad_request', 'accept: must be "image/*" or "application/json"');
    const form = await readForm(request);
    if (!form) return problem(400, 'bad_request', 'content-type: must be multipart/form-data');
    const parsed = model.safeParse(form);
    if (!parsed.success)
      return problem(
        400,
        'bad_request',
        ...parsed.error.issues.map(({ path: field, message }) => `${field.join('.')}: ${message}`),
      );
    return await this.#make(parsed.data, headers.accept ?? '');
  }

  async #make(
    input: Readonly<{ [name: string]: string | File | undefined }>,
    accept: string,
  ): Promise<Answer> {
    const prompt = String(input.prompt);
    if (prompt.includes('a forbidden thing'))
      return problem(403, 'content_moderation', 'Your request was flagged by our content moderation system.');
    if (prompt.includes('slowly')) await pause(slowMs);
    const files = await Promise.all(
      [input.image, input.mask]
        .filter((file) => file instanceof File)
        .map(async (file) => Buffer.from(await file.arrayBuffer())),
    );
    this.paid += 1;
    const seed = Number(input.seed ?? this.paid);
    const isFiltered = prompt.includes('a flagged thing');
    const subject = isFiltered ? 'blurred' : subjectOf(prompt, files);
    const format = (input.output_format as 'png' | undefined) ?? 'png';
    const bytes = await drawPicture(subject, { ...sizeOf(input.aspect_ratio), format, serial: seed % 256 });
    const finish_reason = isFiltered ? 'CONTENT_FILTERED' : 'SUCCESS';
    return accept.startsWith('image/')
      ? {
          ...{ status: 200, body: bytes },
          headers: { 'content-type': `image/${format}`, 'finish-reason': finish_reason, seed: String(seed) },
        }
      : { status: 200, body: { image: bytes.toString('base64'), finish_reason, seed } };
  }
}
