import { randomUUID } from 'node:crypto';
import {
  type CallContext,
  type GenerationRequest,
  type GenerationResult,
  type Image,
  linkSignals,
  seedLimit,
  type Warning,
} from '@easel/plugin-sdk';
import { convertImage } from '@easel/plugin-sdk/images';
import { makeImages } from '@easel/plugin-sdk/paid';
import { type Service, unusable } from '@easel/plugin-sdk/provider';
import { z } from 'zod';
import { withoutImage } from './failures.js';
import { watch } from './follow.js';
import { planRequest } from './request.js';
import type { Config, Options } from './settings.js';

const answerSchema = z.object({ images: z.array(z.string()), info: z.string().nullish() });
const infoSchema = z.object({
  seed: z.int().min(0).max(seedLimit).nullish(),
  sampler_name: z.string().nullish(),
  sd_model_name: z.string().nullish(),
});

export interface GenerateMeans {
  /** Waits for images. */
  readonly maker: Service;
  /** Waits for what is answered at once. */
  readonly service: Service;
  readonly config: Config;
  /** Told of a task whose image has not come. */
  readonly onAbandoned: (taskId: string) => void;
}

/**
 * Makes the images of a call one after the other: each server makes one at a time, and each image then is
 * that of its seed.
 */
export async function generate(
  { maker, service, config, onAbandoned }: GenerateMeans,
  request: GenerationRequest,
  { options, signal, onProgress }: CallContext<Options>,
): Promise<GenerationResult> {
  const { n, seed, previews, outputFormat, width, height } = request;
  const { url, body } = await planRequest(service, request, options, config, signal);
  let used: z.output<typeof infoSchema> = {};
  let highest = 0;
  const tell = (done: number, preview?: Parameters<typeof onProgress>[0]['preview']) => {
    highest = Math.max(highest, Math.min(1, done / n));
    onProgress({ stage: 'generate', fraction: highest, ...(preview ? { preview } : {}) });
  };
  tell(0);

  async function make(index: number): Promise<readonly Image[]> {
    const taskId = `easel(${randomUUID()})`;
    const done = new AbortController();
    const following = linkSignals([signal, done.signal]);
    const watching = watch(service, {
      ...{ taskId, previews, everyMs: config.progressMs, signal: following.signal },
      onProgress: (fraction, preview) => tell(index + fraction, preview ? { ...preview, index } : undefined),
    });
    try {
      const own = seed === undefined ? {} : { seed: (seed + index) % (seedLimit + 1) };
      const { json } = await maker.ask({ url, body: { ...body, ...own, force_task_id: taskId }, signal });
      const { success, data } = answerSchema.safeParse(json);
      if (!success) throw unusable(maker.name, 'there are no images in it', false);
      const [first] = data.images;
      if (!first) throw withoutImage();
      const info = infoOf(data.info);
      used = info;
      const known = info.seed ?? own.seed;
      const image = await readImage(first, outputFormat, maker.name);
      return [known === undefined ? image : { ...image, seed: known }];
    } catch (error) {
      onAbandoned(taskId);
      throw error;
    } finally {
      done.abort();
      await watching;
      following.unlink();
    }
  }

  const made = await makeImages({ count: n, parallel: 1, signal, make, onMade: (count) => tell(count) });
  const warnings: Warning[] = [];
  if (made.failure) {
    const message = `${made.images.length} of ${n} images were made; then: ${made.failure.code}: ${made.failure.message}`;
    warnings.push({ code: 'other', parameter: 'n', message });
  }
  const other = made.images.find((image) => image.width !== width || image.height !== height);
  if (other) {
    const message = `size: ${width}x${height} was asked for, and ${other.width}x${other.height} was made.`;
    warnings.push({ code: 'parameter-adapted', parameter: 'width', message });
  }
  const { sampler_name: sampler, sd_model_name: checkpoint } = used;
  return {
    images: [...made.images],
    warnings,
    ...(sampler ? { samplerLabel: { sampler } } : {}),
    parameters: checkpoint ? { checkpoint } : {},
  };
}

/** stable-diffusion.cpp sends an empty text. */
function infoOf(text: string | null | undefined): z.output<typeof infoSchema> {
  try {
    return infoSchema.parse(JSON.parse(text ?? ''));
  } catch {
    return {};
  }
}

async function readImage(text: string, format: GenerationRequest['outputFormat'], name: string) {
  try {
    const bytes = new Uint8Array(Buffer.from(text.replace(/^data:[^,]*,/, ''), 'base64'));
    return await convertImage(bytes, format);
  } catch (cause) {
    throw unusable(name, `an image of it ${(cause as Error).message}`, false, cause);
  }
}
