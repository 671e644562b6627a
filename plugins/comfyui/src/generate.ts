import { randomUUID } from 'node:crypto';
import {
  type CallContext,
  type GenerationRequest,
  type GenerationResult,
  type Image,
  seedLimit,
  type Warning,
} from '@easel/plugin-sdk';
import { convertImage } from '@easel/plugin-sdk/images';
import { makeImages } from '@easel/plugin-sdk/paid';
import { type Service, unusable } from '@easel/plugin-sdk/provider';
import { listen } from './events.js';
import { fileOf, follow } from './follow.js';
import { checkNodes, findSampler, readKinds } from './nodes.js';
import type { Prompts } from './prompts.js';
import type { Config, Options } from './settings.js';
import { upload } from './upload.js';
import { fill, type Values, warningsOf } from './workflow.js';

export interface GenerateMeans {
  readonly service: Service;
  readonly prompts: Prompts;
  readonly config: Config;
  /** Told of a prompt that nobody wants any more. */
  readonly onAbandoned: (promptId: string) => void;
}

/** Makes each image of a call by a prompt of its own, one after the other. */
export async function generate(
  means: GenerateMeans,
  request: GenerationRequest,
  { options, signal, onProgress }: CallContext<Options>,
): Promise<GenerationResult> {
  const { service, prompts, config, onAbandoned } = means;
  const { n, seed, requestId, isResumable, outputFormat } = request;
  const warnings = warningsOf(options, request);
  const values = await valuesOf(service, request, options, signal);
  const clientId = randomUUID();
  const teller = new Teller(n, request.previews, onProgress);
  const stopListening = await listen(config.baseUrl, clientId, teller);
  let resumed = 0;

  async function make(index: number): Promise<readonly Image[]> {
    const own = seed === undefined ? undefined : (seed + index) % (seedLimit + 1);
    const graph = fill(options, own === undefined ? values : { ...values, seed: [own] });
    const id = await prompts.chooseId(requestId, index, graph, signal);
    const ended = teller.begin(id, index);
    try {
      const { isResumed } = await prompts.submit(id, clientId, graph, signal);
      if (isResumed) resumed += 1;
      const entry = await follow(prompts, { id, config, signal, ended });
      const query = new URLSearchParams(fileOf(entry, options.output));
      const { bytes } = await service.ask({ url: `view?${query}`, signal });
      const image = await readImage(bytes, outputFormat, service.name);
      return [own === undefined || !options.places.seed ? image : { ...image, seed: own }];
    } catch (error) {
      if (signal.aborted && !isResumable) onAbandoned(id);
      throw error;
    }
  }

  try {
    const onMade = (count: number) => teller.tell(count);
    const made = await makeImages({ count: n, parallel: 1, signal, make, onMade });
    if (made.failure) {
      const message = `${made.images.length} of ${n} images were made; then: ${made.failure.code}: ${made.failure.message}`;
      warnings.push({ code: 'other', parameter: 'n', message });
    }
    warnings.push(...sizeWarnings(request, made.images));
    return { images: [...made.images], warnings, parameters: resumed > 0 ? { resumed } : {} };
  } finally {
    stopListening();
  }
}

/** What all images of a call have in common. Uploads its images when the server can run the workflow. */
async function valuesOf(
  service: Service,
  request: GenerationRequest,
  options: Options,
  signal: AbortSignal,
): Promise<Values> {
  const { places, workflow } = options;
  const { source } = request.model;
  const kinds = await readKinds(service, workflow, signal);
  const one = (value: string | number | undefined) => (value === undefined ? undefined : [value]);
  const known = request.sampler !== undefined && places.sampler ? request.sampler : undefined;
  const { sampler, scheduler } = known === undefined ? {} : findSampler(known, options, kinds);
  const values: Values = {
    prompt: [request.prompt],
    negativePrompt: one(request.negativePrompt),
    width: [request.width],
    height: [request.height],
    steps: one(request.steps),
    guidanceScale: one(request.guidanceScale),
    sampler: one(sampler),
    scheduler: one(scheduler),
    strength: one(request.strength),
    checkpoint: source.type === 'provider' ? [source.id] : undefined,
  };
  checkNodes(fill(options, values), kinds, [...(places.images ?? []), ...(places.mask ?? [])]);
  const images = places.images ? request.inputImages.slice(0, places.images.length) : [];
  const names = await Promise.all(images.map((image) => upload(service, image, signal)));
  const mask = places.mask && request.mask ? await upload(service, request.mask, signal) : undefined;
  return { ...values, images: names, mask: one(mask) };
}

function sizeWarnings({ width, height }: GenerationRequest, images: readonly Image[]): Warning[] {
  const other = images.find((image) => image.width !== width || image.height !== height);
  if (!other) return [];
  const message = `size: ${width}x${height} was asked for, and ${other.width}x${other.height} was made.`;
  return [{ code: 'parameter-adapted', parameter: 'width', message }];
}

async function readImage(bytes: Uint8Array, format: GenerationRequest['outputFormat'], name: string) {
  try {
    return await convertImage(new Uint8Array(bytes), format);
  } catch (cause) {
    throw unusable(name, `an image of it ${(cause as Error).message}`, false, cause);
  }
}

/** Tells how far a call is, of what the server tells of its prompts. */
class Teller {
  readonly #n: number;
  readonly #previews: number;
  readonly #onProgress: CallContext<unknown>['onProgress'];
  #highest = 0;
  #current = { id: '', index: 0, shown: 0, ended: new AbortController() };

  constructor(n: number, previews: number, onProgress: CallContext<unknown>['onProgress']) {
    this.#n = n;
    this.#previews = previews;
    this.#onProgress = onProgress;
    this.tell(0);
  }

  /** Answers a signal that is aborted when the server tells that the prompt has ended. */
  begin(id: string, index: number): AbortSignal {
    this.#current = { id, index, shown: 0, ended: new AbortController() };
    return this.#current.ended.signal;
  }

  tell(done: number): void {
    this.#highest = Math.max(this.#highest, Math.min(1, done / this.#n));
    this.#onProgress({ stage: 'generate', fraction: this.#highest });
  }

  onProgress = (id: string, fraction: number): void => {
    // The last node's progress is not all: the image has to be decoded and fetched.
    if (id === this.#current.id) this.tell(this.#current.index + fraction * 0.95);
  };

  onEnd = (id: string): void => {
    if (id === this.#current.id) this.#current.ended.abort();
  };

  onPreview = (bytes: Uint8Array<ArrayBuffer>): void => {
    const { index } = this.#current;
    if (this.#current.shown >= this.#previews) return;
    this.#current.shown += 1;
    void convertImage(bytes, 'jpeg').then(
      (image) =>
        this.#onProgress({
          ...{ stage: 'generate', fraction: this.#highest, preview: { ...image, index } },
        }),
      () => {},
    );
  };
}
