import type { Shapes } from '../../reference/original-checkpoint.js';

/** A transformer at the size that is published, in the names of its publisher. */
export interface TransformerModel {
  readonly name: string;
  /** Blocks of each kind. */
  readonly blocks: readonly number[];
  /** Tokens of the text that it is given. */
  readonly textTokens: number;
  /** Width of its tokens. */
  readonly width: number;
  /** With so many blocks of each kind. */
  shapes(blocks: readonly number[]): Shapes;
}

export const linear = (path: string, rows: number, columns: number, hasBias = true): Shapes => ({
  [`${path}.weight`]: [rows, columns],
  ...(hasBias && { [`${path}.bias`]: [rows] }),
});
export const each = (count: number, shapesOf: (index: number) => Shapes): Shapes =>
  Object.assign({}, ...Array.from({ length: count }, (_, index) => shapesOf(index)));
const head = 128;
const headNorms = (path: string): Shapes => ({
  [`${path}.query_norm.scale`]: [head],
  [`${path}.key_norm.scale`]: [head],
});

const fluxWidth = 3072;

/** FLUX.1 dev: 12 billion weights. */
const flux: TransformerModel = {
  name: 'flux',
  blocks: [19, 38],
  textTokens: 512,
  width: fluxWidth,
  shapes([double = 0, single = 0]) {
    const w = fluxWidth;
    const stream = (path: string): Shapes => ({
      ...linear(`${path}_mod.lin`, 6 * w, w),
      ...linear(`${path}_mlp.0`, 4 * w, w),
      ...linear(`${path}_mlp.2`, w, 4 * w),
      ...linear(`${path}_attn.proj`, w, w),
      ...linear(`${path}_attn.qkv`, 3 * w, w),
      ...headNorms(`${path}_attn.norm`),
    });
    return {
      ...linear('img_in', w, 64),
      ...linear('txt_in', w, 4096),
      ...each(3, (index) => {
        const name = ['time_in', 'guidance_in', 'vector_in'][index]!;
        const inputs = name === 'vector_in' ? 768 : 256;
        return { ...linear(`${name}.in_layer`, w, inputs), ...linear(`${name}.out_layer`, w, w) };
      }),
      ...each(double, (block) => ({
        ...stream(`double_blocks.${block}.img`),
        ...stream(`double_blocks.${block}.txt`),
      })),
      ...each(single, (block) => ({
        ...linear(`single_blocks.${block}.linear1`, 7 * w, w),
        ...linear(`single_blocks.${block}.linear2`, w, 5 * w),
        ...linear(`single_blocks.${block}.modulation.lin`, 3 * w, w),
        ...headNorms(`single_blocks.${block}.norm`),
      })),
      ...linear('final_layer.linear', 64, w),
      ...linear('final_layer.adaLN_modulation.1', 2 * w, w),
    };
  },
};

/** FLUX.2 klein 4B. */
const klein: TransformerModel = {
  name: 'klein',
  blocks: [5, 20],
  textTokens: 512,
  width: fluxWidth,
  shapes([double = 0, single = 0]) {
    const w = fluxWidth;
    const plain = (path: string, rows: number, columns: number) => linear(path, rows, columns, false);
    const stream = (path: string): Shapes => ({
      ...plain(`${path}_mlp.0`, 6 * w, w),
      ...plain(`${path}_mlp.2`, w, 3 * w),
      ...plain(`${path}_attn.proj`, w, w),
      ...plain(`${path}_attn.qkv`, 3 * w, w),
      ...headNorms(`${path}_attn.norm`),
    });
    return {
      ...plain('img_in', w, 128),
      ...plain('txt_in', w, 7680),
      ...plain('time_in.in_layer', w, 256),
      ...plain('time_in.out_layer', w, w),
      ...plain('double_stream_modulation_img.lin', 6 * w, w),
      ...plain('double_stream_modulation_txt.lin', 6 * w, w),
      ...plain('single_stream_modulation.lin', 3 * w, w),
      ...each(double, (block) => ({
        ...stream(`double_blocks.${block}.img`),
        ...stream(`double_blocks.${block}.txt`),
      })),
      ...each(single, (block) => ({
        ...plain(`single_blocks.${block}.linear1`, 9 * w, w),
        ...plain(`single_blocks.${block}.linear2`, w, 4 * w),
        ...headNorms(`single_blocks.${block}.norm`),
      })),
      ...plain('final_layer.linear', 128, w),
      ...plain('final_layer.adaLN_modulation.1', 2 * w, w),
    };
  },
};

const zImageWidth = 3840;

/** Z-Image: 6 billion weights; the second kind of blocks is its refiners, of which there are always two. */
const zImage: TransformerModel = {
  name: 'z-image',
  blocks: [30, 2],
  textTokens: 256,
  width: zImageWidth,
  shapes([blocks = 0, refiners = 0]) {
    const [w, inner, told] = [zImageWidth, 10_240, 256];
    const block = (path: string, isModulated: boolean): Shapes => ({
      ...linear(`${path}.attention.qkv`, 3 * w, w, false),
      ...linear(`${path}.attention.out`, w, w, false),
      [`${path}.attention.q_norm.weight`]: [head],
      [`${path}.attention.k_norm.weight`]: [head],
      ...linear(`${path}.feed_forward.w1`, inner, w, false),
      ...linear(`${path}.feed_forward.w2`, w, inner, false),
      ...linear(`${path}.feed_forward.w3`, inner, w, false),
      ...each(2, (index) => ({
        [`${path}.attention_norm${index + 1}.weight`]: [w],
        [`${path}.ffn_norm${index + 1}.weight`]: [w],
      })),
      ...(isModulated && linear(`${path}.adaLN_modulation.0`, 4 * w, told)),
    });
    return {
      ...linear('x_embedder', w, 64),
      ...linear('cap_embedder.1', w, 2560),
      'cap_embedder.0.weight': [2560],
      cap_pad_token: [1, w],
      x_pad_token: [1, w],
      ...linear('t_embedder.mlp.0', 1024, 256),
      ...linear('t_embedder.mlp.2', told, 1024),
      ...each(refiners, (index) => ({
        ...block(`noise_refiner.${index}`, true),
        ...block(`context_refiner.${index}`, false),
      })),
      ...each(blocks, (index) => block(`layers.${index}`, true)),
      'norm_final.weight': [w],
      ...linear('final_layer.linear', 64, w),
      ...linear('final_layer.adaLN_modulation.1', w, told),
    };
  },
};

export const transformerModels = [flux, zImage, klein] as const;

/** Undefined for a name that none of them has. */
export const transformerModel = (name: string): TransformerModel | undefined =>
  transformerModels.find((model) => model.name === name);
