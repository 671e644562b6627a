import { randomUUID } from 'node:crypto';
import type { CallContext, GenerationRequest, GenerationResult } from '@easel/plugin-sdk';
import { generateInTurn, type ImageInTurn, type Service } from '@easel/plugin-sdk/provider';
import { type EventListeners, listen } from './events.js';
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
  call: CallContext<Options>,
): Promise<GenerationResult> {
  const { service, prompts, config, onAbandoned } = means;
  const { options, signal } = call;
  const { requestId, isResumable } = request;
  const warnings = warningsOf(options, request);
  const values = await valuesOf(service, request, options, signal);
  const clientId = randomUUID();
  const listeners = new Listeners();
  const stopListening = await listen(config.baseUrl, clientId, listeners);
  let resumed = 0;

  async function make(image: ImageInTurn) {
    const { index, seed } = image;
    const graph = fill(options, seed === undefined ? values : { ...values, seed: [seed] });
    // Where there is a seed, it tells the images of a call from each other.
    const identity = [graph, options.places.seed && seed !== undefined ? 0 : index];
    const id = await prompts.chooseId(requestId, identity, signal);
    const ended = listeners.begin(id, image);
    try {
      const { isResumed } = await prompts.submit(id, clientId, graph, signal);
      if (isResumed) resumed += 1;
      const entry = await follow(prompts, { id, pollMs: config.pollMs, signal, ended });
      const bytes = await prompts.download(fileOf(entry, options.output), signal);
      return { bytes, seed: options.places.seed ? seed : undefined };
    } catch (error) {
      if (signal.aborted && !isResumable) onAbandoned(id);
      throw error;
    }
  }

  try {
    const made = await generateInTurn({ name: service.name, warnings, make }, request, call);
    return { ...made, parameters: resumed > 0 ? { resumed } : {} };
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
  const found = known === undefined ? undefined : findSampler(known, options, kinds);
  const values: Values = {
    prompt: [request.prompt],
    negativePrompt: one(request.negativePrompt),
    width: [request.width],
    height: [request.height],
    steps: one(request.steps),
    guidanceScale: one(request.guidanceScale),
    sampler: one(found?.sampler),
    scheduler: one(found?.schedule),
    strength: one(request.strength),
    checkpoint: source.type === 'provider' ? [source.id] : undefined,
  };
  checkNodes(fill(options, values), kinds, [...(places.images ?? []), ...(places.mask ?? [])]);
  const images = places.images ? request.inputImages.slice(0, places.images.length) : [];
  const names = await Promise.all(images.map((image) => upload(service, image, signal)));
  const mask = places.mask && request.mask ? await upload(service, request.mask, signal) : undefined;
  return { ...values, images: names, mask: one(mask) };
}

/** Passes on what the server tells of the prompt of one image. */
class Listeners implements EventListeners {
  #current: { readonly id: string; readonly image: ImageInTurn; readonly ended: AbortController } | undefined;

  /** Answers a signal that is aborted when the server tells that the prompt has ended. */
  begin(id: string, image: ImageInTurn): AbortSignal {
    this.#current = { id, image, ended: new AbortController() };
    return this.#current.ended.signal;
  }

  onProgress = (id: string, fraction: number): void => {
    // The last node's progress is not all: the image has to be decoded and fetched.
    if (id === this.#current?.id) this.#current.image.onProgress(fraction * 0.95);
  };

  onEnd = (id: string): void => {
    if (id === this.#current?.id) this.#current.ended.abort();
  };

  onPreview = (bytes: Uint8Array<ArrayBuffer>): void => this.#current?.image.onPreview(bytes);
}
