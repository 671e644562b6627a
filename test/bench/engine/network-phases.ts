import { openComponent } from '../../../plugins/local-diffusion/src/checkpoint/component.js';
import type { Graph } from '../../../plugins/local-diffusion/src/graph/graph.js';
import {
  readSingleFile,
  type SingleFile,
} from '../../../plugins/local-diffusion/src/models/read-single-file.js';
import { tinyDecoderGraph } from '../../../plugins/local-diffusion/src/networks/autoencoder/taesd.js';
import {
  vaeDecoderGraph,
  vaeEncoderGraph,
} from '../../../plugins/local-diffusion/src/networks/autoencoder/vae.js';
import { clipTextGraph } from '../../../plugins/local-diffusion/src/networks/clip/clip-text.js';
import { unetGraph } from '../../../plugins/local-diffusion/src/networks/unet/unet.js';
import type { Feed } from '../../../plugins/local-diffusion/src/session/network.js';
import { filled, promptFeeds, unetFeeds } from './feeds.js';
import type { BenchModel } from './models.js';
import { writeRandomCheckpoint, writeRandomTinyAutoencoder } from './random-checkpoint.js';

/** A network of a model, with what it is fed and which output is waited for. */
export interface NetworkPhase {
  readonly graph: Graph;
  readonly feeds: Readonly<Record<string, Feed>>;
  readonly output: string;
}

type Parts = SingleFile['components'];

const decoder =
  (edge: number) =>
  ({ vae }: Parts): NetworkPhase => ({
    graph: vaeDecoderGraph(vae!),
    feeds: { latent_sample: filled([1, 4, edge / 8, edge / 8]) },
    output: 'sample',
  });
const encoder =
  (edge: number) =>
  ({ vae }: Parts): NetworkPhase => ({
    graph: vaeEncoderGraph(vae!),
    feeds: { sample: filled([1, 3, edge, edge]) },
    output: 'latent_parameters',
  });

const phases: Readonly<Record<string, (parts: Parts, model: BenchModel) => NetworkPhase>> = {
  text: ({ text_encoder: textEncoder }) => ({
    graph: clipTextGraph(textEncoder!),
    feeds: promptFeeds(),
    output: 'last_hidden_state',
  }),
  'text-2': ({ text_encoder_2: textEncoder2 }) => ({
    graph: clipTextGraph(textEncoder2!, { hiddenStates: true }),
    feeds: promptFeeds(),
    output: 'hidden_states.31',
  }),
  unet: ({ unet }, model) => ({ graph: unetGraph(unet!), feeds: unetFeeds(model), output: 'out_sample' }),
  'decode-512': decoder(512),
  'decode-1024': decoder(1024),
  'encode-512': encoder(512),
  'encode-1024': encoder(1024),
};

/** Names of the networks that a model is measured by. */
export const networkPhasesOf = ({ pooledWidth }: BenchModel): readonly string[] =>
  pooledWidth
    ? ['text', 'text-2', 'unet', 'decode-1024', 'encode-1024']
    : ['text', 'unet', 'decode-512', 'decode-1024', 'encode-512', 'taesd-512'];

/** @throws Error for a name that no phase has */
export async function networkPhase(name: string, model: BenchModel): Promise<NetworkPhase> {
  if (name === 'taesd-512') {
    const graph = tinyDecoderGraph(await openComponent(await writeRandomTinyAutoencoder()));
    return { graph, feeds: { latent_sample: filled([1, 4, 64, 64]) }, output: 'sample' };
  }
  const phase = phases[name];
  if (!phase) throw new Error(`no phase "${name}"`);
  return phase((await readSingleFile(await writeRandomCheckpoint(model))).components, model);
}
