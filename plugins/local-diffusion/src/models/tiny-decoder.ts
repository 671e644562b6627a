import { stat } from 'node:fs/promises';
import { openComponent } from '../checkpoint/component.js';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { findWeightThatIsNotFinite } from '../graph/weights-not-finite.js';
import { readTinyConfig, tinyDecoderGraph } from '../networks/autoencoder/taesd.js';
import { openTinyDecoderFile } from '../networks/autoencoder/taesd-file.js';
import type { DiffusionModel } from '../pipelines/diffusion-model.js';
import type { NetworkGroup } from '../session/network-group.js';
import { filesOf } from './component-files.js';

/**
 * Adds TAESD's decoder to a model's networks.
 *
 * @throws ERR_MODEL_FILES_INVALID for files that are missing or damaged, and a decoder of other latents than
 * the model's
 */
export async function addTinyDecoder(
  path: string,
  { latentChannels, factor }: Pick<DiffusionModel, 'latentChannels' | 'factor'>,
  networks: NetworkGroup,
): Promise<Pick<DiffusionModel, 'decode'> & { readonly files: readonly string[] }> {
  const component = (await isFolder(path)) ? await openComponent(path) : await openTinyDecoderFile(path);
  const own = readTinyConfig(component);
  if (own.latentChannels !== latentChannels || own.factor !== factor) {
    throw invalidFiles(
      `${path} decodes latents of ${own.latentChannels} channels at ${own.factor} pixels an edge; the model's have ${latentChannels} at ${factor}.`,
      'Use the TAESD that was made for this family.',
    );
  }
  const graph = tinyDecoderGraph(component);
  // Its activations turn NaN into 0, so that its outputs do not show damaged weights.
  const damaged = await findWeightThatIsNotFinite(graph);
  if (damaged) throw invalidFiles(`${damaged.file}: the tensor "${damaged.name}" has ${damaged.value}.`);
  const decoder = networks.add(graph);
  return {
    files: filesOf(component),
    async decode(latents, shape) {
      return (await decoder.run({ latent_sample: { data: latents, shape } }, ['sample'])).sample;
    },
  };
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
