import type { DiffusionModel } from '../../pipelines/diffusion-model.js';
import type { StoredNetwork } from '../../session/stored-network.js';
import type { ComponentKind } from '../component-kind.js';
import { type FluxConfig, readFluxConfig } from './network/flux-config.js';
import { type FluxResiduals, fluxTransformerGraph } from './network/flux-transformer.js';
import { predictPacked } from './packed-prediction.js';

/** FLUX's transformer by what its config says. */
export interface FluxTransformer extends FluxConfig {
  /**
   * Makes it ready to run. Only now its weights are looked at.
   *
   * @throws ERR_MODEL_FILES_INVALID for weights that do not fit its config
   */
  mount(): DiffusionModel['predict'];
  /** The same, to take what a ControlNet adds: {@link fluxTransformerGraph} names it. */
  mountControlled(residuals: FluxResiduals): StoredNetwork;
}

/** diffusers' `FluxTransformer2DModel`. */
export const fluxTransformerKind: ComponentKind<FluxTransformer> = {
  mount: (component, { networks }) => ({
    ...readFluxConfig(component),
    mount() {
      const network = networks.add(fluxTransformerGraph(component));
      return (latents, timestep, conditioning) => predictPacked(network, latents, timestep, conditioning);
    },
    mountControlled: (residuals) => networks.add(fluxTransformerGraph(component, residuals)),
  }),
};
