/**
 * Pictures without a batch, as OpenAI's API makes them: platform.openai.com/docs/api-reference/images.
 * Whether Parasail has this is not documented.
 *
 * @module
 */
import type { Answer, SeenRequest } from '@easel/plugin-sdk/emulator';
import { drawPicture, invalidRequest, readForm, subjectOf } from '@easel/plugin-sdk/emulator';
import type { ImageHost } from './image-host.js';
import { type ImageBody, imageBodySchema, readSize } from './lines.js';

/** JSON for generations, a form for edits. */
export async function makeDirectly(
  request: SeenRequest,
  serial: number,
  write: ImageHost['write'],
): Promise<Answer> {
  const isEdit = request.path.endsWith('/edits');
  const form = isEdit ? await readForm(request.body, request.headers['content-type']) : undefined;
  if (isEdit && !form) return invalidRequest('The request must be multipart/form-data.');
  const fields = form ? Object.fromEntries([...form].filter(([, value]) => typeof value === 'string')) : {};
  const parsed = imageBodySchema.safeParse(form ? { ...fields, n: Number(fields.n ?? 1) } : request.json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return invalidRequest(`${issue?.path.join('.')}: ${issue?.message}`, issue?.path.join('.'));
  }
  const inputs: Buffer[] = [];
  for (const value of form ? [...form.getAll('image'), ...form.getAll('image[]')] : [])
    if (typeof value !== 'string') inputs.push(Buffer.from(await value.arrayBuffer()));
  if (isEdit && inputs.length === 0) return invalidRequest('image is required.', 'image');
  return { status: 200, body: await draw(parsed.data, inputs, serial, write) };
}

/** The body of an answer with one picture. */
export async function draw(
  { prompt, size }: ImageBody,
  inputs: readonly Buffer[],
  serial: number,
  write: ImageHost['write'],
) {
  const picture = await drawPicture(subjectOf(prompt, inputs), { ...readSize(size), serial });
  return { created: 1_700_000_000, data: [write(picture)] };
}
