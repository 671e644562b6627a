import { type ImageRequest, imageRequestSchema, type Warning } from '@easel/plugin-sdk';
import { z } from 'zod';
import { parseSize } from '../parse-body.js';
import { extraFields, fromExtraFields, withoutAbsent } from '../request-fields.js';

const field = imageRequestSchema.shape;

/** What has no counterpart here; said in a warning where it is asked for and would have made a difference. */
const unsupported = [
  'quality',
  'background',
  'moderation',
  'style',
  'output_compression',
  'input_fidelity',
] as const;
const harmless: ReadonlySet<unknown> = new Set([undefined, null, 'auto', 'opaque', 'standard']);

/**
 * Fields of OpenAI's images API, and ours beside them. Unknown ones are passed over with a warning, as its
 * own clients expect.
 */
export const openAiRequestSchema = z.looseObject({
  prompt: field.prompt,
  model: field.model.nullish(),
  n: field.n.unwrap().nullish(),
  size: z.string().nullish(),
  output_format: field.outputFormat.unwrap().nullish(),
  response_format: z.enum(['b64_json', 'url']).nullish(),
  stream: z.boolean().nullish(),
  partial_images: z.int().min(0).max(3).nullish(),
  user: z.string().nullish(),
  async: z
    .boolean()
    .nullish()
    .describe('Whether the call is answered 202 at once, and its images are asked for later. Absent: no.'),
  ...extraFields,
});
export type OpenAiRequest = z.output<typeof openAiRequestSchema>;

/** What has no effect on a call that is answered at once, and why. */
const becauseLater = {
  stream: ': the call is async',
  response_format: ': GET of the job takes it',
  on_disconnect: ': the call is async',
  cache: ': an async call is always made',
} as const;
const laterFields = ['stream', 'response_format', 'on_disconnect', 'cache'] as const;

const knownFields = new Set<string>([...Object.keys(openAiRequestSchema.shape), ...unsupported]);

/** What the kernel is asked for, and what of the request it knows nothing of. */
export function fromOpenAiRequest(body: OpenAiRequest): { asked: ImageRequest; warnings: Warning[] } {
  const { prompt, model, n, size, output_format: outputFormat, stream, partial_images } = body;
  const isStreamed = stream && !body.async;
  const previews = isStreamed ? (partial_images ?? 0) : undefined;
  const asked = {
    ...fromExtraFields(body),
    ...withoutAbsent({ model, n, outputFormat, previews }),
    ...parseSize(size ?? undefined),
    prompt,
  };
  return { asked, warnings: warningsFor(body) };
}

function warningsFor(body: OpenAiRequest): Warning[] {
  const fields: Readonly<Record<string, unknown>> = body;
  const warn = (parameter: string, why = ''): Warning => ({
    code: 'parameter-dropped',
    parameter,
    message: `${parameter} had no effect${why}.`,
  });
  return [
    ...unsupported.filter((name) => !harmless.has(fields[name])).map((name) => warn(name)),
    ...Object.keys(body)
      .filter((name) => !knownFields.has(name))
      .map((name) => warn(name)),
    ...(body.async
      ? laterFields.filter((name) => body[name]).map((name) => warn(name, becauseLater[name]))
      : []),
    ...(body.partial_images && (!body.stream || body.async)
      ? [warn('partial_images', ': the answer is no stream')]
      : []),
  ];
}
