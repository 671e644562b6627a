import type { StoredNetwork } from '../../session/stored-network.js';
import type { ComponentKind } from '../component-kind.js';
import {
  type FluxControlNetConfig,
  fluxControlNetGraph,
  readFluxControlNetConfig,
} from './network/flux-controlnet.js';

/** A ControlNet for FLUX by what its config says. */
export interface FluxControlNet extends FluxControlNetConfig {
  /**
   * Makes it ready to run. Only now its weights are looked at.
   *
   * @throws ERR_MODEL_FILES_INVALID for weights that do not fit its config
   */
  mount(): StoredNetwork;
}

/** diffusers' `FluxControlNetModel`. */
export const fluxControlNetKind: ComponentKind<FluxControlNet> = {
  mount: (component, { networks }) => ({
    ...readFluxControlNetConfig(component),
    mount: () => networks.add(fluxControlNetGraph(component)),
  }),
};
