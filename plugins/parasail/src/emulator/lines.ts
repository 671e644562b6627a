/**
 * The lines of a batch: platform.openai.com/docs/guides/batch for the frame; for the body what Parasail's own
 * helper writes and requires (github.com/parasail-ai/openai-batch, openai_batch/batch.py).
 *
 * @module
 */
import { z } from 'zod';

/** Models that the emulator has. */
export const imageModels: ReadonlySet<string> = new Set(['Shitao/OmniGen-v1', 'emulated/flux']);
export const batchEndpoints: ReadonlySet<string> = new Set([
  '/v1/chat/completions',
  '/v1/embeddings',
  '/v1/images/generations',
  '/v1/images/edits',
]);
/** docs.parasail.io, batch file format: lines, and bytes of a file. */
export const mostLines = 50_000;
export const mostBytes = 100 * 1024 * 1024;

const sizeSchema = z.string().regex(/^\d{2,5}x\d{2,5}$/);

/** Fields beyond those named pass through, as they do there. */
export const imageBodySchema = z.looseObject({
  model: z.string().refine((name) => imageModels.has(name), 'is not a model that this key may use'),
  prompt: z.string().min(1),
  size: sizeSchema,
  image: z.array(z.string().min(1)).min(1).optional(),
  response_format: z.enum(['b64_json', 'url']),
  n: z.literal(1).optional(),
  stream: z.literal(false).optional(),
});
export type ImageBody = z.output<typeof imageBodySchema>;

export interface BatchLine {
  readonly customId: string;
  readonly body: ImageBody;
}

/** A problem of an input file, as it is in `errors.data` of a batch. */
export interface LineProblem {
  readonly code: string;
  readonly line: number | null;
  readonly message: string;
  readonly param: string | null;
}

/** The lines of an input file, or what keeps the batch from being begun. */
export function readLines(
  file: Buffer,
  endpoint: string,
): { readonly lines: readonly BatchLine[]; readonly problems: readonly LineProblem[] } {
  const texts = file.toString('utf8').replace(/\n$/, '').split('\n');
  const lines: BatchLine[] = [];
  const problems: LineProblem[] = [];
  const seen = new Set<string>();
  if (texts.length > mostLines)
    problems.push({ code: 'too_many_tasks', line: null, message: `More than ${mostLines}.`, param: null });
  for (const [index, text] of texts.entries()) {
    const complain = (code: string, message: string, param: string | null = null) =>
      problems.push({ code, line: index + 1, message, param });
    const parsed = lineSchema.safeParse(parseJson(text));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      complain('invalid_json_line', `${issue?.path.join('.')}: ${issue?.message}`, issue?.path.join('.'));
      continue;
    }
    const { custom_id: customId, url, body } = parsed.data;
    if (seen.has(customId)) complain('duplicate_custom_id', `The custom_id "${customId}" is used twice.`);
    if (url !== endpoint) complain('mismatched_url', `The url ${url} is not the batch's ${endpoint}.`, 'url');
    if (url.endsWith('/edits') && !body.image) complain('missing_field', 'image is required.', 'body.image');
    seen.add(customId);
    lines.push({ customId, body });
  }
  return { lines, problems };
}

const lineSchema = z.strictObject({
  custom_id: z.string().min(1).max(512),
  method: z.literal('POST'),
  url: z.string(),
  body: imageBodySchema,
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Bytes of the pictures that a body brings along. */
export const inputsOf = ({ image = [] }: ImageBody): Buffer[] =>
  image.map((one) => Buffer.from(one.replace(/^data:[^,]*,/, ''), 'base64'));

export function readSize(size: string): { width: number; height: number } {
  const [width = 0, height = 0] = size.split('x').map(Number);
  return { width, height };
}
