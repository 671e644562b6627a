import type { ComponentKind } from '../component-kind.js';
import { type ColouredAutoencoder, mountAutoencoder } from '../components/autoencoder.js';
import { readAutoencoderFile } from '../components/autoencoder-file.js';
import { latentsPerEdge } from '../components/packed-latents.js';
import { colours } from './latents.js';
import { fromPlaces, perPlace, readStatistics, toPlaces } from './packed-channels.js';

/**
 * diffusers' `AutoencoderKLFlux2`: latents of two by two are one with four times as many channels, each
 * brought to mean 0 and deviation 1 by what was measured in training. An image is its most likely latents, so
 * that nothing is drawn.
 */
export const flux2AutoencoderKind: ComponentKind<ColouredAutoencoder> = {
  async mount(component, site) {
    // Its latents are not scaled otherwise.
    const config = { ...(component.config as object), scaling_factor: 1 };
    const inner = mountAutoencoder({ ...component, config }, site);
    const channels = perPlace * inner.latentChannels;
    const statistics = await readStatistics(component, channels);
    return {
      latentChannels: channels,
      ...(channels === colours.factors.length && { latentColours: colours }),
      factor: latentsPerEdge * inner.factor,
      async encode(planes, shape) {
        const [, , height = 0, width = 0] = shape;
        const posterior = await inner.encode(planes, shape);
        const likeliest = {
          data: posterior.draw(new Float32Array(posterior.count)),
          shape: [1, inner.latentChannels, height / inner.factor, width / inner.factor],
        };
        const { data } = toPlaces(likeliest, statistics);
        return { count: data.length, draw: () => data as Float32Array };
      },
      async decode(latents, [images = 0, , height = 0, width = 0]) {
        const own = fromPlaces({ data: latents, shape: [images, channels, height, width] }, statistics);
        return await inner.decode(own.data, own.shape);
      },
    };
  },
  readFile: readAutoencoderFile,
};
