import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { openComponent } from '../checkpoint/component.js';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { readJson, readText } from '../checkpoint/read-file.js';
import { clipTextGraph } from '../networks/clip-text.js';
import { type ClipTextConfig, readClipTextConfig } from '../networks/clip-text-config.js';
import { unetGraph } from '../networks/unet.js';
import { readUnetConfig, type UnetConfig } from '../networks/unet-config.js';
import { vaeDecoderGraph } from '../networks/vae.js';
import { readVaeConfig, type VaeConfig } from '../networks/vae-config.js';
import type { StableDiffusionModel } from '../pipelines/stable-diffusion.js';
import { type ClipTokenizer, createClipTokenizer } from '../prompt/tokenizer.js';
import { Network } from '../runtime/network.js';
import { readSchedulerConfig } from '../sampling/config.js';

const pipelineClass = 'StableDiffusionPipeline';
const indexSchema = z.looseObject({ _class_name: z.string() });

/** Where a folder keeps the denoising network; other than `unet` only for folders that hold several. */
export interface OpenOptions {
  /** Absent: `unet`. */
  readonly unet?: string;
  /** Cores a network may use. Absent: all of them. */
  readonly threads?: number | undefined;
}

/**
 * Opens a Stable Diffusion 1.x or 2.x checkpoint in diffusers' layout: reads configs and headers, writes the graphs, and lets ONNX Runtime
 * open them over the files as they lie.
 *
 * @throws ERR_MODEL_FILES_INVALID for a folder that is not of that kind, and for files that are missing or damaged
 */
export async function openStableDiffusionFolder(
  folder: string,
  options: OpenOptions = {},
): Promise<StableDiffusionModel> {
  await checkIndex(folder);
  const [text, unet, vae, tokenizer, schedulerText] = await Promise.all([
    openComponent(join(folder, 'text_encoder')),
    openComponent(join(folder, options.unet ?? 'unet')),
    openComponent(join(folder, 'vae')),
    openTokenizer(join(folder, 'tokenizer')),
    readText(join(folder, 'scheduler', 'scheduler_config.json')),
  ]);
  const schedulerConfig = readSchedulerConfig(
    schedulerText,
    join(folder, 'scheduler', 'scheduler_config.json'),
  );
  const vaeConfig = readVaeConfig(vae);
  const unetConfig = readUnetConfig(unet);
  checkFit(folder, { unet: unetConfig, vae: vaeConfig, text: readClipTextConfig(text) });

  const { threads } = options;
  const denoiser = await Network.open(unetGraph(unet), threads);
  const decoder = await Network.open(vaeDecoderGraph(vae), threads);
  const textEncoders = new Map<number, Network>();
  /** Leaving layers out is another graph; the usual one is opened at once, others when they are first asked for. */
  const textEncoder = async (clipSkip: number): Promise<Network> => {
    const known =
      textEncoders.get(clipSkip) ?? (await Network.open(clipTextGraph(text, { clipSkip }), threads));
    textEncoders.set(clipSkip, known);
    return known;
  };
  await textEncoder(0);
  const networks = () => [denoiser, decoder, ...textEncoders.values()];

  return {
    tokenizer,
    schedulerConfig,
    latentChannels: vaeConfig.latentChannels,
    factor: vaeConfig.factor,
    guidanceEmbeddingSize: unetConfig.guidanceEmbeddingSize,
    get networkMs() {
      return networks().reduce((sum, network) => sum + network.runMs, 0);
    },
    async encodeText(ids, clipSkip) {
      const tokens = ids[0]?.length ?? 0;
      const data = BigInt64Array.from(ids.flat(), BigInt);
      const network = await textEncoder(clipSkip);
      const { last_hidden_state } = await network.run({ input_ids: { data, shape: [ids.length, tokens] } }, [
        'last_hidden_state',
      ]);
      return { data: last_hidden_state, shape: [ids.length, tokens, unetConfig.contextWidth] };
    },
    async predict(sample, timestep, encoder_hidden_states, timestep_cond) {
      const feeds = {
        sample,
        timestep: { data: Float32Array.of(timestep), shape: [1] },
        encoder_hidden_states,
      };
      const { out_sample } = await denoiser.run(timestep_cond ? { ...feeds, timestep_cond } : feeds, [
        'out_sample',
      ]);
      return out_sample;
    },
    async decode(latents, shape) {
      const data = latents.map((value) => value / vaeConfig.scaling + vaeConfig.shift);
      return (await decoder.run({ latent_sample: { data, shape } }, ['sample'])).sample;
    },
    async release() {
      for (const network of networks()) await network.release();
    },
  };
}

async function checkIndex(folder: string): Promise<void> {
  const file = join(folder, 'model_index.json');
  const parsed = indexSchema.safeParse(await readJson(file));
  if (!parsed.success)
    throw invalidFiles(`${file} has no _class_name, so it is not of a diffusers pipeline.`);
  const { _class_name: name } = parsed.data;
  if (name !== pipelineClass) {
    throw invalidFiles(
      `${file} is of a ${name}, not of a ${pipelineClass}.`,
      `Use a folder of a ${pipelineClass}.`,
    );
  }
}

/** Parts of different models have numbers that do not meet; ONNX Runtime would only say so in its own words. */
function checkFit(
  folder: string,
  { unet, vae, text }: { unet: UnetConfig; vae: VaeConfig; text: ClipTextConfig },
): void {
  if (unet.inputChannels !== vae.latentChannels) {
    throw invalidFiles(
      `${folder}: the denoising network takes ${unet.inputChannels} channels and the autoencoder has ${vae.latentChannels}.`,
      'Use a text-to-image checkpoint; one for inpainting takes 9.',
    );
  }
  if (unet.contextWidth !== text.width) {
    throw invalidFiles(
      `${folder}: the denoising network reads text ${unet.contextWidth} wide and the text encoder writes ${text.width}.`,
      'Use parts of one model.',
    );
  }
}

async function openTokenizer(folder: string): Promise<ClipTokenizer> {
  const optional = (name: string) => readFile(join(folder, name), 'utf8').catch(() => undefined);
  return createClipTokenizer({
    'vocab.json': await readText(join(folder, 'vocab.json')),
    'merges.txt': await readText(join(folder, 'merges.txt')),
    'tokenizer_config.json': await optional('tokenizer_config.json'),
    'special_tokens_map.json': await optional('special_tokens_map.json'),
  });
}
