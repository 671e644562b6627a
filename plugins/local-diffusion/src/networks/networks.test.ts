import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { runGraph } from '../../../../test/reference/run-graph.js';
import type { TensorValues } from '../../../../test/reference/tensors.js';
import { type Component, openComponent } from '../checkpoint/component.js';
import { vaeDecoderGraph, vaeEncoderGraph } from './autoencoder/vae.js';
import { clipTextGraph } from './clip/clip-text.js';
import { unetGraph } from './unet/unet.js';
import { readUnetConfig } from './unet/unet-config.js';

const bundled = (name: string) =>
  openComponent(fileURLToPath(new URL(`../../../../models/picturebook/${name}`, import.meta.url)));

let unet: Component;
let vae: Component;
let text: Component;
beforeAll(async () => {
  [unet, vae, text] = await Promise.all([bundled('unet'), bundled('vae'), bundled('text_encoder')]);
});

const wave = (shape: readonly number[], phase = 0): TensorValues => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(0.37 * i + phase)),
});
const expectClose = (actual: ArrayLike<number>, expected: ArrayLike<number>) => {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i += 1) expect(actual[i]).toBeCloseTo(expected[i]!, 4);
};
const withConfig = (component: Component, changes: Record<string, unknown>): Component => ({
  ...component,
  config: { ...(component.config as object), ...changes },
});

describe('unetGraph', () => {
  const inputs = (batch: number, height: number, width: number, timesteps = [500]) =>
    new Map([
      ['sample', wave([batch, 4, height, width])],
      ['timestep', { shape: [timesteps.length], data: Float32Array.from(timesteps) }],
      ['encoder_hidden_states', wave([batch, 7, 128], 1)],
    ]);

  test.each([
    [12, 12],
    [9, 13],
    [1, 3],
  ])('predicts noise of the size of its latents, %d x %d', async (height, width) => {
    const result = (await runGraph(unetGraph(unet), inputs(1, height, width))).get('out_sample')!;
    expect(result.length).toBe(4 * height * width);
    expect(result.every(Number.isFinite)).toBe(true);
  });

  test('gives each image of a batch what it gives it alone, with its own timestep', async () => {
    const both = (await runGraph(unetGraph(unet), inputs(2, 12, 12, [20, 900]))).get('out_sample')!;
    const single = async (image: number, timestep: number) => {
      const cut = ({ shape, data }: TensorValues) => {
        const size = data.length / 2;
        return {
          shape: [1, ...shape.slice(1)],
          data: (data as Float32Array).slice(image * size, (image + 1) * size),
        };
      };
      const { sample, context } = {
        sample: cut(inputs(2, 12, 12).get('sample')!),
        context: cut(inputs(2, 12, 12).get('encoder_hidden_states')!),
      };
      const feeds = new Map([
        ['sample', sample],
        ['timestep', { shape: [1], data: Float32Array.of(timestep) }],
        ['encoder_hidden_states', context],
      ]);
      return (await runGraph(unetGraph(unet), feeds)).get('out_sample')!;
    };
    expectClose(both.subarray(0, 576), await single(0, 20));
    expectClose(both.subarray(576), await single(1, 900));
  });

  test.each<[string, unknown]>([
    ['act_fn', 'mish'],
    ['down_block_types', ['AttnDownBlock2D', 'DownBlock2D', 'DownBlock2D']],
    ['mid_block_type', 'UNetMidBlock2DSimpleCrossAttn'],
    ['addition_embed_type', 'image'],
    ['class_embed_type', 'timestep'],
    ['encoder_hid_dim_type', 'text_proj'],
    ['num_attention_heads', 8],
    ['resnet_time_scale_shift', 'scale_shift'],
    ['time_embedding_type', 'fourier'],
    ['attention_head_dim', [4, 4]],
    ['attention_head_dim', 7],
    ['norm_num_groups', 7],
    ['layers_per_block', 0],
    ['cross_attention_dim', [128, 128, 64]],
  ])('refuses a config whose %s is %j', (key, value) => {
    expect(() => unetGraph(withConfig(unet, { [key]: value }))).toThrow(
      expect.objectContaining({
        code: 'ERR_MODEL_FILES_INVALID',
        message: expect.stringMatching(new RegExp(`config\\.json: "${key}(\\.\\d+)?" is `)),
      }),
    );
  });

  test('refuses text_time without its sizes, and weights that the config does not fit', () => {
    expect(() => unetGraph(withConfig(unet, { addition_embed_type: 'text_time' }))).toThrow(
      /"addition_time_embed_dim" is null/,
    );
    expect(() => unetGraph(withConfig(unet, { block_out_channels: [64, 128, 192] }))).toThrow(
      /has the shape .* but .* calls for/,
    );
    expect(() => unetGraph(withConfig(unet, { layers_per_block: 2 }))).toThrow(/have no tensor/);
  });

  test('reads the levels in the order that data pass them', () => {
    const json = {
      down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D'],
      up_block_types: ['CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'UpBlock2D'],
      block_out_channels: [32, 64, 128],
      attention_head_dim: [1, 2, 4],
      transformer_layers_per_block: [1, 2, 10],
      layers_per_block: [1, 2, 3],
      cross_attention_dim: 16,
    };
    const config = readUnetConfig({ ...unet, config: json });
    expect(config.downLevels).toEqual([
      { channels: 32, layers: 1 },
      { channels: 64, layers: 2, attention: { heads: 2, layers: 2 } },
      { channels: 128, layers: 3, attention: { heads: 4, layers: 10 } },
    ]);
    expect(config.upLevels).toEqual([
      { channels: 128, layers: 4, attention: { heads: 4, layers: 10 } },
      { channels: 64, layers: 3, attention: { heads: 2, layers: 2 } },
      { channels: 32, layers: 2 },
    ]);
    expect(config.middle).toEqual({ heads: 4, layers: 10, outputScale: 1 });
    expect(config).toMatchObject({ groups: 32, timeWidth: 128, inputChannels: 4 });
  });
});

describe('vaeDecoderGraph and vaeEncoderGraph', () => {
  test('bring a picture to latents and back', async () => {
    // A smooth picture, so that the small autoencoder can keep it.
    const size = 96;
    const data = Float32Array.from({ length: 3 * size * size }, (_, i) => ((i % size) / size - 0.5) * 1.2);
    const encoded = await runGraph(
      vaeEncoderGraph(vae),
      new Map([['sample', { shape: [1, 3, size, size], data }]]),
    );
    const moments = encoded.get('latent_parameters')!;
    expect(moments.length).toBe(8 * 12 * 12);
    const latent = { shape: [1, 4, 12, 12], data: moments.slice(0, 576) };
    const decoded = (await runGraph(vaeDecoderGraph(vae), new Map([['latent_sample', latent]]))).get(
      'sample',
    )!;
    expect(decoded.length).toBe(data.length);
    const meanError = decoded.reduce((sum, value, i) => sum + Math.abs(value - data[i]!), 0) / data.length;
    expect(meanError).toBeLessThan(0.1);
  });

  test('round odd sizes down', async () => {
    const encoded = await runGraph(vaeEncoderGraph(vae), new Map([['sample', wave([1, 3, 43, 33])]]));
    expect(encoded.get('latent_parameters')!.length).toBe(8 * 5 * 4);
  });

  test.each<[string, unknown]>([
    ['act_fn', 'relu'],
    ['up_block_types', ['AttnUpDecoderBlock2D']],
    ['latents_mean', [0, 0, 0]],
    ['latents_std', [1, 1, 1, 0]],
    ['norm_num_groups', 5],
  ])('refuse a config whose %s is %j', (key, value) => {
    for (const write of [vaeDecoderGraph, vaeEncoderGraph]) {
      expect(() => write(withConfig(vae, { [key]: value }))).toThrow(new RegExp(`"${key}`));
    }
  });
});

describe('clipTextGraph', () => {
  const ids = (...rows: number[][]) =>
    new Map([
      ['input_ids', { shape: [rows.length, rows[0]!.length], data: BigInt64Array.from(rows.flat(), BigInt) }],
    ]);
  const end = 926;

  test('sees no token from those before it, and pools at the first end token', async () => {
    const graph = clipTextGraph(text);
    const one = await runGraph(graph, ids([925, 5, 6, end, end]));
    const other = await runGraph(graph, ids([925, 5, 6, end, 7]));
    const state = one.get('last_hidden_state')!;
    expect(state.length).toBe(5 * 128);
    expectClose(other.get('last_hidden_state')!.subarray(0, 4 * 128), state.subarray(0, 4 * 128));
    expect(other.get('last_hidden_state')!.subarray(4 * 128)).not.toEqual(state.subarray(4 * 128));
    expectClose(one.get('pooler_output')!, state.subarray(3 * 128, 4 * 128));
  });

  test('gives hidden states on request, and leaves layers out', async () => {
    const given = ids([925, 5, end], [925, 9, end]);
    const all = await runGraph(clipTextGraph(text, { hiddenStates: true }), given);
    const names = ['hidden_states.0', 'hidden_states.1', 'hidden_states.2', 'hidden_states.3'];
    expect([...all.keys()].sort()).toEqual([...names, 'last_hidden_state', 'pooler_output']);
    const skipped = await runGraph(clipTextGraph(text, { clipSkip: 1 }), given);
    expect(skipped.get('last_hidden_state')).not.toEqual(all.get('last_hidden_state'));
    expectClose(skipped.get('pooler_output')!, all.get('pooler_output')!);
  });

  test('takes the largest id for the end where the config is of the old kind', async () => {
    const old = clipTextGraph(withConfig(text, { eos_token_id: 2 }));
    const result = await runGraph(old, ids([3, 2, 900, 4]));
    expectClose(result.get('pooler_output')!, result.get('last_hidden_state')!.subarray(2 * 128, 3 * 128));
  });

  test('refuses an activation that it does not know', () => {
    expect(() => clipTextGraph(withConfig(text, { hidden_act: 'relu' }))).toThrow(/"hidden_act" is "relu"/);
  });
});
