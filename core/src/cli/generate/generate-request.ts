import { readFile, stat } from 'node:fs/promises';
import { EaselError, type ImageRequest, type OutputFormat } from '@easel/plugin-sdk';
import type { AvailableModel } from '../../models/available-models.js';
import type { Destination } from '../../results/destination.js';
import { type ReadProvenance, readProvenance } from '../../results/read-provenance.js';
import {
  parseFormat,
  parseNumber,
  parseOptions,
  parsePreference,
  parseSize,
  parseTimeout,
} from '../flag-values.js';
import { UsageError } from '../terminal/usage-error.js';
import { wantedModel } from './few-steps.js';
import type { GenerateFlags } from './flags.js';

/** Bytes of a picture that `--like` reads. */
const pictureLimit = 512 * 1024 * 1024;

/** What the flags ask for; what is not asked for is absent. Throws a UsageError. */
export function requestFromFlags(flags: GenerateFlags): Omit<ImageRequest, 'prompt'> {
  const { negative, size, steps, guidance, strength, seed, n, timeout, option } = flags;
  const named = { model: flags.model, sampler: flags.sampler };
  for (const [name, value] of Object.entries(named)) {
    if (value?.trim() === '') throw new UsageError(`--${name}: is empty`);
  }
  const request = {
    ...named,
    negativePrompt: negative,
    ...(size === undefined ? {} : parseSize('--size', size)),
    steps: steps === undefined ? undefined : parseNumber('--steps', steps, 'steps'),
    guidanceScale: guidance === undefined ? undefined : parseNumber('--guidance', guidance, 'guidanceScale'),
    strength: strength === undefined ? undefined : parseNumber('--strength', strength, 'strength'),
    seed: seed === undefined ? undefined : parseNumber('--seed', seed, 'seed'),
    expandPrompt: flags.expand ? undefined : false,
    n: n === undefined ? undefined : parseNumber('-n', n, 'n'),
    prefer: flags.prefer === undefined ? undefined : parsePreference('--prefer', flags.prefer),
    maxCost: flags.maxCost === undefined ? undefined : parseNumber('--max-cost', flags.maxCost, 'maxCost'),
    timeoutMs: timeout === undefined ? undefined : parseTimeout('--timeout', timeout),
    providerOptions: option === undefined ? undefined : parseOptions('--option', option),
  };
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
}

/**
 * The format that `--format` names, or else the extension of `--out`. Throws a UsageError where the two
 * contradict each other.
 */
export function formatFromFlags(
  { format, out }: GenerateFlags,
  { extension }: Destination,
): OutputFormat | undefined {
  if (format === undefined) return extension?.format;
  const asked = parseFormat('--format', format);
  if (extension && extension.format !== asked) {
    throw new UsageError(
      `--format ${asked} and --out ${out} contradict each other`,
      'Leave out --format: the extension says it.',
    );
  }
  return asked;
}

/** What a picture was made with. Throws ERR_REQUEST_INVALID where it does not tell. */
export async function readLike(path: string): Promise<ReadProvenance> {
  let bytes: Uint8Array;
  try {
    const { size } = await stat(path);
    if (size > pictureLimit) throw new Error(`it has more than ${pictureLimit} bytes`);
    bytes = await readFile(path);
  } catch (cause) {
    const what = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `--like: ${path} cannot be read (${what}).`,
      hint: 'Name a PNG file that Easel has made.',
      cause,
    });
  }
  return readProvenance(bytes, path);
}

/** With the option by which its model's plugin computes sooner. Throws a UsageError where there is none. */
export function inFast(
  request: ImageRequest,
  models: readonly Pick<AvailableModel, 'id' | 'aliases' | 'current' | 'plugin' | 'choices'>[],
): ImageRequest {
  const model = wantedModel(request, models);
  const { plugin, choices } = model ?? {};
  if (plugin === undefined || !choices?.sharedOptions.includes('precision')) {
    throw new UsageError(
      `--fast: ${model ? `"${model.id}" is` : 'this model is'} computed in one way only`,
      'Leave it out.',
    );
  }
  const options = { ...request.providerOptions?.[plugin], precision: 'fast' };
  return { ...request, providerOptions: { ...request.providerOptions, [plugin]: options } };
}

/** The values of flags over those of a picture; options are put together key by key. */
export function mergeRequests(
  like: ImageRequest | undefined,
  prompt: string | undefined,
  asked: Omit<ImageRequest, 'prompt'>,
): ImageRequest {
  const providerOptions = { ...like?.providerOptions };
  for (const [plugin, options] of Object.entries(asked.providerOptions ?? {})) {
    providerOptions[plugin] = { ...providerOptions[plugin], ...options };
  }
  return { ...like, ...asked, prompt: prompt ?? like?.prompt ?? '', providerOptions };
}
