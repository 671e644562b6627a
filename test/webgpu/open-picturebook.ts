import { fileURLToPath } from 'node:url';
import { openModel } from '../../plugins/local-diffusion/src/models/open-model.js';
import type { OpenedModel } from '../../plugins/local-diffusion/src/models/opened-model.js';
import { NetworkMemory } from '../../plugins/local-diffusion/src/session/network-memory.js';
import type { NetworkOptions } from '../../plugins/local-diffusion/src/session/network-options.js';

const path = fileURLToPath(new URL('../../models/picturebook', import.meta.url));

/** The bundled model on the execution provider of the options. */
export const openPicturebook = (options: NetworkOptions): Promise<OpenedModel> =>
  openModel({ path }, { memory: new NetworkMemory(options) });
