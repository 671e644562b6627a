import type { ReadControl } from '../../pipelines/control.js';
import { controlsIn } from '../../pipelines/controls.js';
import type { DiffusionModel } from '../../pipelines/diffusion-model.js';
import type { Feed } from '../../session/network.js';
import type { StoredNetwork } from '../../session/stored-network.js';
import type { UnetControlNet } from './unet-controlnet.js';

type Feeds = Readonly<Record<string, Feed>>;

/**
 * The predictions of a UNet that ControlNets add to, in calls in which an image counts; in others those of
 * the UNet alone. diffusers: `StableDiffusionControlNetPipeline`.
 *
 * @param controlled the UNet that takes what they add
 */
export function predictControlled(
  predict: DiffusionModel['predict'],
  controlNets: readonly UnetControlNet[],
  controlled: StoredNetwork,
): DiffusionModel['predict'] {
  return async (sample, timestep, conditioning, share) => {
    const controls = controlsIn(share);
    if (controls.length === 0) return await predict(sample, timestep, conditioning, share);
    const feeds = { sample, timestep: { data: Float32Array.of(timestep), shape: [1] }, ...conditioning };
    const sums: Record<string, Feed> = {};
    for (const [index, net] of controlNets.entries()) {
      const own = controls.filter((each) => each.net === index);
      const isPartly = ({ emphasis }: ReadControl) => net.leavesUnprompted || emphasis === 'image';
      for (const part of [own.filter(isPartly), own.filter((each) => !isPartly(each))]) {
        if (part.length === 0) continue;
        const unprompted = isPartly(part[0]!) ? (share.unprompted ?? 0) : 0;
        const made = await net.residuals(rowsFrom(feeds, unprompted), part);
        for (const [name, residual] of Object.entries(made)) addRows(sums, name, residual, unprompted);
      }
    }
    return (await controlled.run({ ...feeds, ...sums }, ['out_sample'])).out_sample;
  };
}

/** Without the first rows of what has a row for each item of the batch. */
function rowsFrom(feeds: Feeds, first: number): Feeds {
  const batch = feeds.sample!.shape[0]!;
  if (first === 0) return feeds;
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { data, shape }]) => {
      if (shape[0] !== batch) return [name, { data, shape }];
      const part = (data as Float32Array).subarray((first * data.length) / batch);
      return [name, { data: part as Float32Array, shape: [batch - first, ...shape.slice(1)] }];
    }),
  );
}

/** @param first rows that nothing is added to */
function addRows(
  sums: Record<string, Feed>,
  name: string,
  { data, shape: [rows = 0, ...rest] }: Feed,
  first: number,
): void {
  const size = data.length / rows;
  const shape = [first + rows, ...rest];
  const sum = (sums[name]?.data ?? new Float32Array(data.length + first * size)) as Float32Array;
  for (const [index, value] of (data as Float32Array).entries()) sum[first * size + index]! += value;
  sums[name] = { data: sum, shape };
}
