import type { DividedUnet } from '../../networks/unet/deep-features.js';
import type { DiffusionModel } from '../../pipelines/diffusion-model.js';
import type { Feed } from '../../session/network.js';
import type { NetworkPlace } from '../../session/network-group.js';

type Predict = DiffusionModel['predict'];

/**
 * Predictions of one image after the other, of which only each n-th runs the whole network. The others take
 * the deep features of the last whole one, where they are told the same: another prompt, or half of the
 * batch, begins anew.
 *
 * @returns starts the predictions of an image
 */
export function reusingFeatures(
  networks: NetworkPlace,
  { whole, shallow, deep }: DividedUnet,
): (interval: number) => Predict {
  const mount = () => ({ whole: networks.add(whole), shallow: networks.add(shallow) });
  let mounted: ReturnType<typeof mount> | undefined;
  return (interval) => {
    mounted ??= mount();
    const { whole: all, shallow: rest } = mounted;
    let kept: { readonly features: Feed; readonly told: unknown } | undefined;
    let left = 0;
    return async (sample, timestep, conditioning) => {
      const feeds = { sample, timestep: { data: Float32Array.of(timestep), shape: [1] }, ...conditioning };
      if (kept && left > 0 && kept.told === conditioning) {
        left -= 1;
        return (await rest.run({ ...feeds, [deep]: kept.features }, ['out_sample'])).out_sample;
      }
      const results = await all.run(feeds, ['out_sample', deep]);
      const [batch = 1, , height = 1, width = 1] = sample.shape;
      const data = results[deep]!;
      const channels = data.length / (batch * height * width);
      kept = { features: { data, shape: [batch, channels, height, width] }, told: conditioning };
      left = interval - 1;
      return results.out_sample!;
    };
  };
}
