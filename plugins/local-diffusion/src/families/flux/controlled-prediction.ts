import type { ReadControl } from '../../pipelines/control.js';
import { controlsIn, forBatch } from '../../pipelines/controls.js';
import type { DiffusionModel } from '../../pipelines/diffusion-model.js';
import type { Feed } from '../../session/network.js';
import type { StoredNetwork } from '../../session/stored-network.js';
import { packLatents } from '../components/packed-latents.js';
import type { FluxControlNet } from './controlnet.js';
import { packedFeeds, predictPacked } from './packed-prediction.js';
import type { FluxTransformer } from './transformer.js';

/** A ControlNet that is ready to run. */
interface Mounted {
  readonly net: FluxControlNet;
  readonly network: StoredNetwork;
}

/**
 * FLUX with ControlNets, which add to what the transformer's blocks make. diffusers: `FluxControlNetPipeline`
 * and, of several nets, `FluxMultiControlNetModel`.
 *
 * @param controlNets all of as many layers
 */
export function predictControlled(
  transformer: FluxTransformer,
  controlNets: readonly [FluxControlNet, ...FluxControlNet[]],
): DiffusionModel['predict'] {
  const plain = transformer.mount();
  const [{ doubleBlocks: double, singleBlocks: single }] = controlNets;
  const controlled = transformer.mountControlled({ double, single });
  const nets = controlNets.map((net): Mounted => ({ net, network: net.mount() }));
  return async (latents, timestep, conditioning, share) => {
    const controls = controlsIn(share);
    const { guidance, ...told } = conditioning;
    const base = { ...told, ...(transformer.readsGuidance && { guidance: guidance! }) };
    if (controls.length === 0) return await plain(latents, timestep, base, share);
    const feeds = { ...packedFeeds(latents, timestep, told), ...(guidance && { guidance }) };
    const sums: Record<string, Feed> = {};
    for (const control of controls) await addResiduals(sums, nets[control.net]!, control, feeds);
    return await predictPacked(controlled, latents, timestep, { ...base, ...sums });
  };
}

async function addResiduals(
  sums: Record<string, Feed>,
  { net, network }: Mounted,
  { image, scale, kind = 0 }: ReadControl,
  { guidance, ...feeds }: Readonly<Record<string, Feed>>,
): Promise<void> {
  const [batch = 0, tokens = 0] = feeds.hidden_states!.shape;
  const counts = { double: net.doubleBlocks, single: net.singleBlocks };
  const names = Object.entries(counts).flatMap(([kind, count]) =>
    Array.from({ length: count }, (_, index) => `${kind}_residual.${index}`),
  );
  const made = await network.run(
    {
      ...feeds,
      controlnet_cond: packLatents(forBatch(image, batch)),
      ...(net.readsGuidance && { guidance: guidance! }),
      ...(net.modes !== undefined && {
        controlnet_mode: { data: new BigInt64Array(batch).fill(BigInt(kind)), shape: [batch, 1] },
      }),
    },
    names,
  );
  for (const name of names) {
    const sum = sums[name]?.data as Float32Array | undefined;
    const data = made[name]!.map((value, at) => scale * value + (sum?.[at] ?? 0));
    sums[name] = { data, shape: [batch, tokens, net.width] };
  }
}
