/**
 * What Runware complained about, as an error of the table.
 *
 * @module
 */
import { EaselError, type ErrorCode } from '@easel/plugin-sdk';
import { type Category, categoryOf } from './category.js';
import type { Complaint } from './frame.js';

const codes: Readonly<Record<Category, ErrorCode>> = {
  auth: 'ERR_PROVIDER_AUTH',
  quota: 'ERR_PROVIDER_AUTH',
  'rate-limit': 'ERR_PROVIDER_RATE_LIMITED',
  refused: 'ERR_CONTENT_REFUSED',
  late: 'ERR_PROVIDER_UNAVAILABLE',
  taken: 'ERR_PROVIDER_BAD_RESPONSE',
  'unknown-task': 'ERR_PROVIDER_UNAVAILABLE',
  'unknown-model': 'ERR_MODEL_UNKNOWN',
  failing: 'ERR_PROVIDER_UNAVAILABLE',
  invalid: 'ERR_REQUEST_INVALID',
  garbled: 'ERR_PROVIDER_BAD_RESPONSE',
};

const hints: Partial<Readonly<Record<Category, string>>> = {
  auth: 'Set RUNWARE_API_KEY to a key of my.runware.ai that is allowed to make pictures.',
  quota: 'Add credit to the account that RUNWARE_API_KEY belongs to.',
  'unknown-model':
    "Name a model that Runware has, like runware:101@1, as the `source.id` of the model's catalogue file.",
};

/** Our names of Runware's parameters; all others are provider options. */
const fields: Readonly<Record<string, string>> = {
  positivePrompt: 'prompt',
  prompt: 'prompt',
  negativePrompt: 'negativePrompt',
  width: 'width',
  height: 'height',
  resolution: 'width',
  numberResults: 'n',
  seed: 'seed',
  steps: 'steps',
  CFGScale: 'guidanceScale',
  scheduler: 'sampler',
  strength: 'strength',
  outputFormat: 'outputFormat',
  seedImage: 'inputImages',
  referenceImages: 'inputImages',
  image: 'inputImages',
  maskImage: 'mask',
  model: 'model',
};

/**
 * The field of a request that a parameter was made of: `lora[0].weight` is an option,
 * `inputs.referenceImages` is not.
 */
function fieldOf(parameter: string): string {
  const name = parameter.replace(/^inputs\./, '');
  const [head = name] = name.split(/[.[]/);
  return Object.hasOwn(fields, head) ? (fields[head] as string) : `providerOptions.runware.${parameter}`;
}

/** @param what was being done, for people */
export function failureOf(what: string, complaint: Complaint): EaselError {
  const { code, message, parameters, httpStatus, taskUUID, retryAfterMs } = complaint;
  const category = categoryOf(complaint);
  const named = [...new Set(parameters.map(fieldOf))].join(', ');
  const field = category === 'invalid' && named !== '' ? `${named}: ` : '';
  const key = category === 'auth' ? 'Runware refused RUNWARE_API_KEY. ' : '';
  const status = httpStatus === undefined ? '' : ` ${httpStatus}`;
  const task = taskUUID === undefined ? '' : ` (task ${taskUUID})`;
  return new EaselError({
    code: codes[category],
    message: `${field}${key}${what}: Runware answered${status} ${code}: ${message}${task}`,
    field: category === 'invalid' ? parameters.map(fieldOf)[0] : undefined,
    hint: hints[category],
    retryAfterMs,
  });
}

/** Runware cannot be reached, or the connection to it broke off. */
export const unreachable = (what: string, reason: string): EaselError =>
  new EaselError({ code: 'ERR_PROVIDER_UNAVAILABLE', message: `${what}: ${reason}.` });
