import { randomUUID } from 'node:crypto';
import {
  type CallContext,
  type GenerationRequest,
  type GenerationResult,
  linkSignals,
  parseJson,
  seedLimit,
} from '@easel/plugin-sdk';
import {
  bytesOfText,
  generateInTurn,
  type ImageInTurn,
  type Service,
  unusable,
} from '@easel/plugin-sdk/provider';
import { z } from 'zod';
import { withoutImage } from './failures.js';
import { watch } from './follow.js';
import { planRequest } from './request.js';
import type { Config, Options } from './settings.js';

const answerSchema = z.object({ images: z.array(z.string()), info: z.string().nullish() });
/** stable-diffusion.cpp sends an empty text. */
const infoSchema = z
  .object({
    seed: z.int().min(0).max(seedLimit).nullish(),
    sampler_name: z.string().nullish(),
    sd_model_name: z.string().nullish(),
  })
  .catch({});

export interface GenerateMeans {
  /** Waits for images. */
  readonly maker: Service;
  /** Waits for what is answered at once. */
  readonly service: Service;
  readonly config: Config;
  /** Told of a task whose image has not come. */
  readonly onAbandoned: (taskId: string) => void;
}

/** Makes the images of a call. */
export async function generate(
  { maker, service, config, onAbandoned }: GenerateMeans,
  request: GenerationRequest,
  call: CallContext<Options>,
): Promise<GenerationResult> {
  const { signal, options } = call;
  const { url, body } = await planRequest(service, request, options, config, signal);
  let used: z.output<typeof infoSchema> = {};

  async function make({ seed, onProgress, onPreview }: ImageInTurn) {
    const taskId = `easel(${randomUUID()})`;
    const done = new AbortController();
    const following = linkSignals([signal, done.signal]);
    const watching = watch(service, {
      ...{ taskId, previews: request.previews, everyMs: config.progressMs, signal: following.signal },
      ...{ onProgress, onPreview },
    });
    try {
      const own = seed === undefined ? {} : { seed };
      const { json } = await maker.ask({ url, body: { ...body, ...own, force_task_id: taskId }, signal });
      const { success, data } = answerSchema.safeParse(json);
      if (!success) throw unusable(maker.name, 'there are no images in it', false);
      const [first] = data.images;
      if (!first) throw withoutImage();
      used = infoSchema.parse(parseJson(data.info ?? ''));
      return { bytes: bytesOfText(first), seed: used.seed ?? seed };
    } catch (error) {
      onAbandoned(taskId);
      throw error;
    } finally {
      done.abort();
      await watching;
      following.unlink();
    }
  }

  const made = await generateInTurn({ name: maker.name, warnings: [], make }, request, call);
  const { sampler_name: sampler, sd_model_name: checkpoint } = used;
  return {
    ...made,
    ...(sampler ? { samplerLabel: { sampler } } : {}),
    parameters: checkpoint ? { checkpoint } : {},
  };
}
