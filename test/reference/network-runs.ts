import { z } from 'zod';
import type { Component } from '../../plugins/local-diffusion/src/checkpoint/component.js';
import { chromaTransformerGraph } from '../../plugins/local-diffusion/src/families/chroma/network/chroma-transformer.js';
import {
  fluxControlNetGraph,
  readFluxControlNetConfig,
} from '../../plugins/local-diffusion/src/families/flux/network/flux-controlnet.js';
import { fluxTransformerGraph } from '../../plugins/local-diffusion/src/families/flux/network/flux-transformer.js';
import { flux2TransformerGraph } from '../../plugins/local-diffusion/src/families/flux-2/network/flux2-transformer.js';
import {
  fromPlaces,
  perPlace,
  readStatistics,
  toPlaces,
} from '../../plugins/local-diffusion/src/families/flux-2/packed-channels.js';
import {
  patchEdge,
  readSd3Config,
} from '../../plugins/local-diffusion/src/families/stable-diffusion-3/network/sd3-config.js';
import { sd3TransformerGraph } from '../../plugins/local-diffusion/src/families/stable-diffusion-3/network/sd3-transformer.js';
import {
  keptBlocks,
  positionsOf,
} from '../../plugins/local-diffusion/src/families/stable-diffusion-3/transformer.js';
import { zImageTransformerGraph } from '../../plugins/local-diffusion/src/families/z-image/network/z-image-transformer.js';
import {
  zImageFeeds,
  zImageLatents,
} from '../../plugins/local-diffusion/src/families/z-image/transformer.js';
import type { Graph } from '../../plugins/local-diffusion/src/graph/graph.js';
import {
  tinyDecoderGraph,
  tinyEncoderGraph,
} from '../../plugins/local-diffusion/src/networks/autoencoder/taesd.js';
import {
  vaeDecoderGraph,
  vaeEncoderGraph,
} from '../../plugins/local-diffusion/src/networks/autoencoder/vae.js';
import { readVaeConfig } from '../../plugins/local-diffusion/src/networks/autoencoder/vae-config.js';
import {
  wanDecoderGraph,
  wanEncoderGraph,
} from '../../plugins/local-diffusion/src/networks/autoencoder/wan-vae.js';
import { clipTextGraph } from '../../plugins/local-diffusion/src/networks/clip/clip-text.js';
import { readClipTextConfig } from '../../plugins/local-diffusion/src/networks/clip/clip-text-config.js';
import { t5EncoderGraph } from '../../plugins/local-diffusion/src/networks/t5/t5-encoder.js';
import { unetGraph } from '../../plugins/local-diffusion/src/networks/unet/unet.js';
import { TorchGenerator } from '../../plugins/local-diffusion/src/sampling/noise/torch-generator.js';
import { runControlNet } from './controlnet-network-runs.js';
import { runQwen25Text, runQwenImage, runQwenText } from './qwen-network-runs.js';
import { runGraph } from './run-graph.js';
import type { TensorValues } from './tensors.js';

export interface CaseInputs {
  readonly inputs: ReadonlyMap<string, TensorValues>;
  readonly scalars: Readonly<Record<string, unknown>>;
  /** The network that this one adds to. Absent: there is none. */
  readonly base?: Component;
}

/** Computes the named outputs of a case. */
export type NetworkRun = (
  component: Component,
  wanted: readonly string[],
  given: CaseInputs,
) => Promise<Map<string, Float32Array>>;

/** By the class that config.json names. */
export const networkRuns: Readonly<Record<string, NetworkRun>> = {
  UNet2DConditionModel: runUnet,
  CLIPTextModel: runClipText,
  CLIPTextModelWithProjection: runClipText,
  AutoencoderKL: runVae({ encoder: vaeEncoderGraph, decoder: vaeDecoderGraph }),
  AutoencoderKLQwenImage: runWanVae,
  AutoencoderTiny: runTinyVae,
  T5EncoderModel: runT5,
  Qwen3ForCausalLM: runQwenText,
  Qwen2_5_VLForConditionalGeneration: runQwen25Text,
  QwenImageTransformer2DModel: runQwenImage,
  FluxTransformer2DModel: runTransformer((component) => fluxTransformerGraph(component)),
  FluxControlNetModel: runFluxControlNet,
  ControlNetModel: runControlNet,
  ControlNetUnionModel: runControlNet,
  SD3Transformer2DModel: runSd3,
  ChromaTransformer2DModel: runChroma,
  ZImageTransformer2DModel: runZImage,
  Flux2Transformer2DModel: runFlux2,
  AutoencoderKLFlux2: runFlux2Vae,
};

function runTransformer(write: (component: Component) => Graph): NetworkRun {
  return async (component, _wanted, { inputs }) => {
    const results = await runGraph(write(component), inputs);
    return new Map([['sample', results.get('out_hidden_states')!]]);
  };
}

/** Its residuals, scaled, and what the transformer that they are for makes with them. */
async function runFluxControlNet(
  component: Component,
  _wanted: readonly string[],
  { inputs, scalars, base }: CaseInputs,
) {
  const { doubleBlocks, singleBlocks, width } = readFluxControlNetConfig(component);
  const scale = z.number().parse(scalars.conditioning_scale);
  const mode = inputs.get('controlnet_mode');
  const given = new Map<string, TensorValues>([
    ...inputs,
    ...(mode ? [['controlnet_mode', { ...mode, data: BigInt64Array.from(mode.data, BigInt) }] as const] : []),
  ]);
  const [batch = 0, tokens = 0] = inputs.get('hidden_states')!.shape;
  const made = await runGraph(fluxControlNetGraph(component), given);
  const residuals = [...made].map(
    ([name, data]) =>
      [name, { data: data.map((value) => scale * value), shape: [batch, tokens, width] }] as const,
  );
  const graph = fluxTransformerGraph(base!, { double: doubleBlocks, single: singleBlocks });
  const sample = (await runGraph(graph, new Map([...inputs, ...residuals]))).get('out_hidden_states')!;
  const named = residuals.map(
    ([name, { data }]) =>
      [name.replace('double_residual.', 'block').replace('single_residual.', 'single'), data] as const,
  );
  return new Map<string, Float32Array>([...named, ['flux_sample', sample]]);
}

async function runSd3(component: Component, _wanted: readonly string[], { inputs, scalars }: CaseInputs) {
  const { tableEdge, layers } = readSd3Config(component);
  const [batch = 0, , height = 0, width = 0] = inputs.get('hidden_states')!.shape;
  const leftOut = z.array(z.number()).nullish().parse(scalars.skip_layers);
  const given = new Map([
    ...inputs,
    ['positions', positionsOf(height / patchEdge, width / patchEdge, tableEdge)] as const,
    ...Object.entries(keptBlocks(layers, leftOut ?? [], batch)),
  ]);
  const graph = sd3TransformerGraph(component, { leavesOut: leftOut != null });
  return new Map([['sample', (await runGraph(graph, given)).get('out_hidden_states')!]]);
}

async function runChroma(component: Component, wanted: readonly string[], given: CaseInputs) {
  const mask = given.inputs.get('attention_mask');
  const write = (each: Component) => chromaTransformerGraph(each, { masked: mask !== undefined });
  const data = Float32Array.from(mask?.data ?? [], Number);
  const inputs = new Map([
    ...given.inputs,
    ...(mask ? [['attention_mask', { ...mask, data }] as const] : []),
  ]);
  return await runTransformer(write)(component, wanted, { ...given, inputs });
}

/** Positions are whole numbers in the reference, and sometimes for each item of a batch the same. */
async function runFlux2(component: Component, wanted: readonly string[], given: CaseInputs) {
  const inputs = new Map(
    [...given.inputs].map(([name, { shape, data }]) => [
      name,
      { shape: name.endsWith('_ids') ? shape.slice(-2) : shape, data: Float32Array.from(data, Number) },
    ]),
  );
  return await runTransformer(flux2TransformerGraph)(component, wanted, { ...given, inputs });
}

async function runFlux2Vae(component: Component, wanted: readonly string[], given: CaseInputs) {
  const { latentChannels } = readVaeConfig(component);
  const statistics = await readStatistics(component, perPlace * latentChannels);
  const packed = (given.inputs.get('packed') ?? given.inputs.get('packed_latent'))!;
  const latent = fromPlaces({ data: packed.data as Float32Array, shape: [...packed.shape] }, statistics);
  const inputs = new Map([...given.inputs, ['latent', latent] as const]);
  const results = await runVae({ encoder: vaeEncoderGraph, decoder: vaeDecoderGraph })(component, wanted, {
    ...given,
    inputs,
  });
  const [batch = 0, , height = 0, width = 0] = packed.shape;
  const mean = results.get('mean')!;
  const shape = [batch, latentChannels, 2 * height, 2 * width];
  return new Map([
    ...results,
    ['mode', mean] as const,
    ['packed_normalised', toPlaces({ data: mean, shape }, statistics).data as Float32Array] as const,
    ['latent', latent.data] as const,
    ['unpacked', latent.data] as const,
  ]);
}

/** Each image by itself: the items of a case have texts of several lengths and times of their own. */
async function runZImage(component: Component, _wanted: readonly string[], { inputs }: CaseInputs) {
  const graph = zImageTransformerGraph(component);
  const { data, shape } = inputs.get('x')!;
  const times = (inputs.get('timestep') ?? inputs.get('t'))!;
  const [batch = 0, channels = 0, , height = 0, width = 0] = shape;
  const size = channels * height * width;
  const sample = new Float32Array(data.length);
  for (let item = 0; item < batch; item++) {
    const latents = {
      data: data.subarray(item * size, (item + 1) * size) as Float32Array,
      shape: [1, channels, height, width],
    };
    const text = inputs.get(`cap_feats.${item}`)!;
    const feeds = zImageFeeds(latents, { ...text, shape: [1, ...text.shape] }, Number(times.data[item]));
    const results = await runGraph(graph, new Map([...inputs, ...Object.entries(feeds)]));
    sample.set(zImageLatents(results.get('out_hidden_states')!, latents.shape), item * size);
  }
  return new Map([['sample', sample]]);
}

async function runT5(component: Component, _wanted: readonly string[], { inputs }: CaseInputs) {
  return runGraph(t5EncoderGraph(component, { masked: inputs.has('attention_mask') }), inputs);
}

async function runUnet(component: Component, _wanted: readonly string[], { inputs }: CaseInputs) {
  return runGraph(unetGraph(component), inputs);
}

async function runClipText(component: Component, wanted: readonly string[], { inputs }: CaseInputs) {
  const results = await runGraph(clipTextGraph(component, { hiddenStates: true }), inputs);
  const { layers } = readClipTextConfig(component);
  for (const name of wanted) {
    const fromEnd = /^hidden_states_m(\d+)$/.exec(name)?.[1];
    if (fromEnd) results.set(name, results.get(`hidden_states.${layers + 1 - Number(fromEnd)}`)!);
    const clipSkip = /^clip_skip(\d+)_final_ln$/.exec(name)?.[1];
    if (clipSkip) {
      const skipped = await runGraph(clipTextGraph(component, { clipSkip: Number(clipSkip) }), inputs);
      results.set(name, skipped.get('last_hidden_state')!);
    }
  }
  return results;
}

type Writer = (component: Component) => Graph;

function runVae({ encoder, decoder }: { readonly encoder: Writer; readonly decoder: Writer }): NetworkRun {
  return async (component, _wanted, { inputs, scalars }) => {
    const results = new Map<string, Float32Array>();
    const seed = z.number().default(0).parse(scalars.sample_generator_seed);
    const image = inputs.get('image');
    if (image) {
      const encoded = await runGraph(encoder(component), new Map([['sample', image]]));
      const moments = encoded.get('latent_parameters')!;
      results.set('moments', moments);
      for (const [name, values] of posterior(moments, image.shape[0]!, seed)) results.set(name, values);
    }
    const latent = inputs.get('latent');
    if (latent) {
      const decoded = await runGraph(decoder(component), new Map([['latent_sample', latent]]));
      results.set('decoded', decoded.get('sample')!);
    }
    return results;
  };
}

/** Films of one frame, [batch, channels, 1, height, width], are images. */
async function runWanVae(component: Component, wanted: readonly string[], given: CaseInputs) {
  const inputs = new Map(
    [...given.inputs].map(([name, { data, shape }]) => [
      name,
      { data, shape: shape.filter((_, at) => at !== 2) },
    ]),
  );
  return await runVae({ encoder: wanEncoderGraph, decoder: wanDecoderGraph })(component, wanted, {
    ...given,
    inputs,
  });
}

async function runTinyVae(component: Component, _wanted: readonly string[], { inputs }: CaseInputs) {
  const encoded = await runGraph(tinyEncoderGraph(component), new Map([['sample', inputs.get('image')!]]));
  const latent = new Map([['latent_sample', inputs.get('latent')!]]);
  const decoded = await runGraph(tinyDecoderGraph(component), latent);
  return new Map([
    ['encoded', encoded.get('latent_sample')!],
    ['decoded', decoded.get('sample')!],
  ]);
}

/**
 * diffusers' DiagonalGaussianDistribution (models/autoencoders/vae.py) of moments [batch, 2 * channels,
 * height, width].
 */
function posterior(moments: Float32Array, batch: number, seed: number) {
  const half = moments.length / batch / 2;
  const pick = (first: number) =>
    Float32Array.from(
      { length: batch * half },
      (_, index) => moments[Math.floor(index / half) * 2 * half + first + (index % half)]!,
    );
  const mean = pick(0);
  const logvar = pick(half).map((value) => Math.min(20, Math.max(-30, value)));
  const std = logvar.map((value) => Math.exp(0.5 * value));
  const noise = new TorchGenerator(seed).randn(mean.length);
  const sample = mean.map((value, index) => value + std[index]! * noise[index]!);
  return Object.entries({ mean, logvar, std, sample_seed: sample });
}
