import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openComponent } from '../../plugins/local-diffusion/src/checkpoint/component.js';
import { readText } from '../../plugins/local-diffusion/src/checkpoint/read-file.js';
import { addAutoencoder } from '../../plugins/local-diffusion/src/families/components/autoencoder.js';
import {
  addTextEncoder,
  openTokenizer,
} from '../../plugins/local-diffusion/src/families/components/clip-text-encoder.js';
import { conditionStableDiffusion } from '../../plugins/local-diffusion/src/families/stable-diffusion/conditioning.js';
import { unetGraph } from '../../plugins/local-diffusion/src/networks/unet/unet.js';
import type { DiffusionModel } from '../../plugins/local-diffusion/src/pipelines/diffusion-model.js';
import { readSchedulerConfig } from '../../plugins/local-diffusion/src/sampling/scheduler-config/scheduler-config.js';
import { NetworkGroup } from '../../plugins/local-diffusion/src/session/network-group.js';
import { NetworkMemory } from '../../plugins/local-diffusion/src/session/network-memory.js';
import type { NetworkOptions } from '../../plugins/local-diffusion/src/session/network-options.js';

const folder = fileURLToPath(new URL('../../models/picturebook', import.meta.url));

/** The bundled model on the execution provider of the options, and the networks that it runs. */
export async function openPicturebook(
  options: NetworkOptions,
): Promise<{ readonly model: DiffusionModel; readonly networks: NetworkGroup }> {
  const networks = new NetworkGroup(new NetworkMemory(options));
  const [unet, vae, component] = await Promise.all(
    ['unet', 'vae', 'text_encoder'].map((name) => openComponent(join(folder, name))),
  );
  const tokenizer = await openTokenizer(join(folder, 'tokenizer'));
  const schedulerFile = join(folder, 'scheduler', 'scheduler_config.json');
  const schedulerConfig = readSchedulerConfig(await readText(schedulerFile), schedulerFile);
  const encoder = addTextEncoder({ component: component!, tokenizer }, networks);
  const denoiser = networks.add(unetGraph(unet!));
  const autoencoder = addAutoencoder(vae!, networks);
  const model: DiffusionModel = {
    ...autoencoder,
    schedulerConfig,
    inputChannels: autoencoder.latentChannels,
    guidanceEmbeddingSize: undefined,
    refinesOnly: false,
    get networkMs() {
      return networks.runMs;
    },
    condition: (request) => conditionStableDiffusion(encoder, request),
    async predict(sample, timestep, conditioning) {
      const feeds = { sample, timestep: { data: Float32Array.of(timestep), shape: [1] }, ...conditioning };
      return (await denoiser.run(feeds, ['out_sample'])).out_sample;
    },
    release: () => networks.release(),
  };
  return { model, networks };
}
