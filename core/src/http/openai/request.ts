import { EaselError, type ImageRequest, imageRequestSchema, type Warning } from '@easel/plugin-sdk';
import { z } from 'zod';
import type { AvailableModel } from '../../models/available-models.js';
import { parseSize } from '../parse-body.js';
import { extraFields, fromExtraFields, withoutAbsent } from '../request-fields.js';
import { SharedOptions } from '../shared-options.js';

const field = imageRequestSchema.shape;

/**
 * Fields that are options of plugins under names that mean the same everywhere, with the option and the
 * values at which they have no effect.
 */
const sharedFields = {
  background: { option: 'background', inert: ['auto', 'opaque'] },
  input_fidelity: { option: 'inputFidelity', inert: [] },
  moderation: { option: 'moderation', inert: ['auto'] },
  quality: { option: 'quality', inert: ['auto', 'standard'] },
  style: { option: 'style', inert: [] },
} as const;
type SharedField = keyof typeof sharedFields;
const sharedNames = Object.keys(sharedFields) as SharedField[];

const text = z.string().max(100).nullish();

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
  output_compression: field.outputQuality.nullish(),
  background: z.enum(['transparent', 'opaque', 'auto']).nullish(),
  input_fidelity: z.enum(['high', 'low']).nullish(),
  moderation: text,
  quality: text,
  style: text,
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

/**
 * What the kernel is asked for, and what of the request has no effect.
 *
 * @param model that the request goes to, as far as it is known
 * @throws ERR_REQUEST_INVALID where a limit on the cost has a name that is not known here
 */
export function fromOpenAiRequest(
  body: OpenAiRequest,
  kind: 'image_generation' | 'image_edit',
  model: AvailableModel | undefined,
): { asked: ImageRequest; warnings: Warning[] } {
  const { prompt, n, size, output_format: outputFormat, output_compression, stream, partial_images } = body;
  refuseForeignLimit(body);
  const isStreamed = stream && !body.async;
  const previews = isStreamed ? (partial_images ?? 0) : undefined;
  const shared = sharedOptionsOf(body, kind, model);
  const isPng = (outputFormat ?? 'png') === 'png';
  const extra = fromExtraFields(body);
  const asked = {
    ...extra,
    ...withoutAbsent({
      ...{ model: body.model, n, outputFormat, previews },
      // OpenAI's best is the value that its clients send of habit, also for PNG.
      outputQuality: isPng && output_compression === 100 ? undefined : output_compression,
    }),
    ...parseSize(size ?? undefined),
    ...withOptions(extra.providerOptions, shared.request.providerOptions),
    prompt,
  };
  return { asked, warnings: [...shared.warnings, ...warningsFor(body)] };
}

/** Other unknown fields are told in a warning, when the images are there: a limit on their cost is not. */
function refuseForeignLimit(body: OpenAiRequest): void {
  if (!Object.hasOwn(body, 'maxCost')) return;
  const message = 'The limit on the cost of a call is named max_cost here.';
  throw new EaselError({ code: 'ERR_REQUEST_INVALID', field: 'max_cost', message });
}

function sharedOptionsOf(
  body: OpenAiRequest,
  kind: 'image_generation' | 'image_edit',
  model: AvailableModel | undefined,
): SharedOptions {
  const shared = new SharedOptions(model);
  for (const name of sharedNames) {
    const { option, inert } = sharedFields[name];
    const value = body[name];
    if (!value || value === 'auto') continue;
    if ((inert as readonly string[]).includes(value) && !shared.has(option)) continue;
    if (name === 'input_fidelity' && kind === 'image_generation')
      shared.warnings.push(dropped(name, ': there is no input image'));
    else shared.set(option, value, name);
  }
  return shared;
}

type ProviderOptions = ImageRequest['providerOptions'];

/** The caller's own options of a plugin count more. */
function withOptions(own: ProviderOptions, shared: ProviderOptions): Pick<ImageRequest, 'providerOptions'> {
  if (!shared) return {};
  const [[plugin, options] = ['', {}]] = Object.entries(shared);
  return { providerOptions: { ...own, [plugin]: { ...options, ...own?.[plugin] } } };
}

const dropped = (parameter: string, why = ''): Warning => ({
  code: 'parameter-dropped',
  parameter,
  message: `${parameter} had no effect${why}.`,
});

const shown = 40;

function warningsFor(body: OpenAiRequest): Warning[] {
  const unknown = Object.keys(body).filter((name) => !Object.hasOwn(openAiRequestSchema.shape, name));
  return [
    ...unknown.slice(0, shown).map((name) => dropped(name.slice(0, 200))),
    ...(body.async
      ? laterFields.filter((name) => body[name]).map((name) => dropped(name, becauseLater[name]))
      : []),
    ...(body.partial_images && (!body.stream || body.async)
      ? [dropped('partial_images', ': the answer is no stream')]
      : []),
  ];
}
