import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openComponent } from '../../checkpoint/component.js';
import { decoderPixelBytes } from '../../pipelines/tiling.js';
import { NetworkGroup } from '../../session/network-group.js';
import { NetworkMemory } from '../../session/network-memory.js';
import { mountAutoencoder } from './autoencoder.js';

const folder = fileURLToPath(new URL('../../../../../models/picturebook/vae', import.meta.url));
const [width, height] = [640, 512];
const planes = Float32Array.from({ length: 3 * width * height }, (_, index) =>
  Math.sin((index % width) / 60 + Math.floor(index / width) / 90),
);

const meanDifference = (one: Float32Array, other: Float32Array) =>
  one.reduce((sum, value, index) => sum + Math.abs(value - other[index]!), 0) / one.length;

/** The bundled autoencoder there and back, with that budget. */
async function thereAndBack(maximumBytes: number) {
  const networks = new NetworkGroup(new NetworkMemory({ threads: 1 }, { maximumBytes }));
  const site = { networks, decoders: networks, decoderPixelBytes };
  const autoencoder = mountAutoencoder(await openComponent(folder), site);
  const posterior = await autoencoder.encode(planes, [1, 3, height, width]);
  const latents = posterior.draw(new Float32Array(posterior.count));
  const shape = [1, autoencoder.latentChannels, height / autoencoder.factor, width / autoencoder.factor];
  const pixels = await autoencoder.decode(latents, shape);
  await networks.release();
  return { latents, pixels };
}

test('tiles by a small budget give nearly the picture of the whole, and not quite the same numbers', async () => {
  const whole = await thereAndBack(Number.POSITIVE_INFINITY);
  const tiled = await thereAndBack(1e8);
  for (const part of ['latents', 'pixels'] as const) {
    expect(tiled[part]).toHaveLength(whole[part].length);
    const difference = meanDifference(whole[part], tiled[part]);
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(0.01);
  }
});
