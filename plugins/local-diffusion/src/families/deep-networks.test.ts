import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type Component, openComponent } from '../checkpoint/component.js';
import type { TensorLocation } from '../checkpoint/safetensors.js';
import { shapeText } from '../graph/dimension.js';
import type { Graph } from '../graph/graph.js';
import { t5EncoderGraph } from '../networks/t5/t5-encoder.js';
import { chromaTransformerGraph } from './chroma/network/chroma-transformer.js';
import { fluxTransformerGraph } from './flux/network/flux-transformer.js';
import { flux2TransformerGraph } from './flux-2/network/flux2-transformer.js';
import { qwenImageTransformerGraph } from './qwen-image/network/qwen-image-transformer.js';
import { sd3TransformerGraph } from './stable-diffusion-3/network/sd3-transformer.js';
import { zImageTransformerGraph } from './z-image/network/z-image-transformer.js';

const pipelines = fileURLToPath(new URL('../../../../test/golden/d_pipelines/', import.meta.url));
const blockIndex = /^(.*?(?:blocks|layers|block)\.)(\d+)\./;

/** The tensors of a network's first block stand for those of all others, but for its last. */
class Repeated extends Map<string, TensorLocation> {
  readonly #depth: number;

  constructor(tensors: Component['tensors'], depth: number) {
    super(tensors);
    this.#depth = depth;
  }

  override get(name: string): TensorLocation | undefined {
    return super.get(this.#standIn(name));
  }

  override has(name: string): boolean {
    return super.has(this.#standIn(name));
  }

  #standIn(name: string): string {
    const [whole, path = '', index] = blockIndex.exec(name) ?? [];
    if (whole === undefined) return name;
    const indices = [...this.keys()].flatMap((each) =>
      each.startsWith(path) ? Number(blockIndex.exec(each)?.[2]) : [],
    );
    const place = Number(index) === this.#depth - 1 ? Math.max(...indices) : 0;
    return `${path}${place}.${name.slice(whole.length)}`;
  }
}

/** Published depths: the networks of tests are too shallow to show what each block adds to. */
test.each<[string, Record<string, number>, (component: Component) => Graph]>([
  ['flux_pipeline/transformer', { num_layers: 19, num_single_layers: 38 }, fluxTransformerGraph],
  ['chroma_pipeline/transformer', { num_layers: 19, num_single_layers: 38 }, chromaTransformerGraph],
  ['flux2_klein_pipeline/transformer', { num_layers: 8, num_single_layers: 48 }, flux2TransformerGraph],
  ['zimage_pipeline/transformer', { n_layers: 30 }, zImageTransformerGraph],
  ['qwen_image_pipeline/transformer', { num_layers: 60 }, qwenImageTransformerGraph],
  ['sd3_pipeline/transformer', { num_layers: 38 }, sd3TransformerGraph],
  ['flux_pipeline/text_encoder_2', { num_layers: 24 }, t5EncoderGraph],
])(
  'the shapes of %s at its published depth are written as short as those of one block',
  async (path, depth, graphOf) => {
    const component = await openComponent(pipelines + path);
    const tensors = new Repeated(component.tensors, Object.values(depth)[0]!);
    const { values } = graphOf({
      ...component,
      tensors,
      config: { ...(component.config as object), ...depth },
    });
    const longest = Math.max(...[...values.values()].map(({ shape }) => shapeText(shape).length));
    expect(longest).toBeLessThan(200);
  },
);
