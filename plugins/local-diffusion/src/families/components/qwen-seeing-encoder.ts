import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { readJson } from '../../checkpoint/read-file.js';
import { qwenTextGraph } from '../../networks/qwen/qwen-text.js';
import { readQwenTextConfig } from '../../networks/qwen/qwen-text-config.js';
import { qwenVisionGraph } from '../../networks/qwen/qwen-vision.js';
import { readQwenVisionConfig } from '../../networks/qwen/qwen-vision-config.js';
import { type SeenGrid, seenPositions } from '../../networks/qwen/seen-positions.js';
import { type PixelLimits, visionPixels } from '../../networks/qwen/vision-pixels.js';
import { visionPlaces } from '../../networks/qwen/vision-places.js';
import type { RgbPicture } from '../../pipelines/lanczos.js';
import type { ChatEncoder } from '../../prompt/chat-texts.js';
import type { Feed } from '../../session/network.js';
import { openByteLevelTokenizer } from '../../tokenizers/byte-level/open-byte-level-tokenizer.js';
import type { TokenizerPlace } from '../../tokenizers/tokenizer-place.js';
import type { ComponentKind } from '../component-kind.js';

/** What the vision tower makes of an image. */
export interface SeenImage extends SeenGrid {
  /** [rows * columns, width] */
  readonly tokens: Float32Array;
}

/** A language model that also reads images in its texts. */
export interface SeeingEncoder extends Pick<ChatEncoder, 'tokenizer' | 'width'> {
  see(image: RgbPicture): Promise<SeenImage>;
  /**
   * The ids of one text to [tokens, width].
   *
   * @param images those that stand in it: as many tokens with the mark of images as they have together
   */
  encodeSeeing(ids: readonly number[], images: readonly SeenImage[]): Promise<Float32Array>;
}

/** What stands in a text for each token of an image. */
export const imageMark = '<|image_pad|>';

/**
 * transformers' `Qwen2_5_VLForConditionalGeneration` with its vision tower, of which the last states are
 * read.
 */
export const qwenSeeingKind = (places: {
  readonly tokenizer: string;
  readonly processor: string;
}): ComponentKind<SeeingEncoder> => ({
  async mount(component, { networks, tokenizer: placeOf }) {
    const { width } = readQwenTextConfig(component);
    const vision = readQwenVisionConfig(component);
    const tokenizer = await openByteLevelTokenizer(placeOf(places.tokenizer));
    const limits = await readLimits(placeOf(places.processor));
    const text = networks.add(qwenTextGraph(component, { states: ['normed'], seesImages: true }));
    const tower = networks.add(qwenVisionGraph(component));
    const markId = tokenizer.idOf(imageMark);
    if (markId === undefined)
      throw invalidFiles(`The tokenizer has no "${imageMark}", which images stand for in texts.`);

    return {
      tokenizer,
      width,
      async encodeSeeing(ids, images) {
        const isImage = ids.map((id) => id === markId);
        let row = 0n;
        const index = BigInt64Array.from(isImage, (one) => (one ? ++row : 0n));
        const feeds = {
          input_ids: { data: BigInt64Array.from(ids, BigInt), shape: [1, ids.length] },
          attention_mask: { data: new BigInt64Array(ids.length).fill(1n), shape: [1, ids.length] },
          image_rows: rowsOf(images, width),
          image_index: { data: index, shape: [1, ids.length] },
          positions: { data: seenPositions(isImage, images), shape: [ids.length, 3] },
        };
        return (await text.run(feeds, ['hidden_states'])).hidden_states;
      },
      async see(image) {
        const { patches, rows, columns } = visionPixels(image, vision, limits);
        const feeds = { patches, ...visionPlaces(rows, columns, vision) };
        const { tokens } = await tower.run(feeds, ['tokens']);
        return { tokens, rows: rows / vision.mergedEdge, columns: columns / vision.mergedEdge };
      },
    };
  },
});

/** The tokens of all images, behind a row of zeros, which is where those of text point. */
function rowsOf(images: readonly SeenImage[], width: number): Feed {
  const count = images.reduce((sum, { tokens }) => sum + tokens.length, width);
  const data = new Float32Array(count);
  let start = width;
  for (const { tokens } of images) {
    data.set(tokens, start);
    start += tokens.length;
  }
  return { data, shape: [count / width, width] };
}

/** Those of the published models. */
const publishedLimits: PixelLimits = { least: 56 ** 2, most: 12_845_056 };

const pixels = z.int().positive();
const limitsSchema = z.looseObject({
  min_pixels: pixels.nullish(),
  max_pixels: pixels.nullish(),
  size: z.looseObject({ shortest_edge: pixels.optional(), longest_edge: pixels.optional() }).nullish(),
});

/** What the processor's folder says, where it has its file. */
async function readLimits(place: TokenizerPlace): Promise<PixelLimits> {
  if ('builtIn' in place) return publishedLimits;
  const file = join(place.folder, 'preprocessor_config.json');
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (!isThere) return publishedLimits;
  const parsed = limitsSchema.safeParse(await readJson(file));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalidFiles(`${file}: ${issue?.path.join('.')} ${issue?.message}`);
  }
  const { min_pixels, max_pixels, size } = parsed.data;
  return {
    least: min_pixels ?? size?.shortest_edge ?? publishedLimits.least,
    most: max_pixels ?? size?.longest_edge ?? publishedLimits.most,
  };
}
