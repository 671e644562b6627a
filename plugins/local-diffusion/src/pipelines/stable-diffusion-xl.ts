import type { Feed } from '../runtime/network.js';
import type { Conditioning, ConditioningRequest, ModelConditioning } from './diffusion-model.js';
import { repeatRows } from './draws.js';
import { type MicroConditions, timeIds } from './size-conditioning.js';
import { embedTexts, type TextEmbeddings, type TextEncoder } from './text-encoding.js';

/** The text side of an SDXL checkpoint. */
export interface XlTextParts {
  /** In the model's order: two for the base, the refiner has only the second. The last one projects. */
  readonly encoders: readonly TextEncoder[];
  /** Whether no negative prompt means zeros in place of the embedding of an empty text. */
  readonly zerosForNoNegativePrompt: boolean;
  /** Whether the network is told an aesthetic score in place of the target size. */
  readonly readsAestheticScore: boolean;
}

/** diffusers' defaults of `aesthetic_score` and `negative_aesthetic_score`. */
const aestheticScores = { conditional: 6, unconditional: 2.5 };

/**
 * The conditioning of SDXL base and refiner: both encoders' last hidden states but one, side by side, the second one's pooled
 * embedding, and the picture's sizes. diffusers: `StableDiffusionXLPipeline.encode_prompt` and `_get_add_time_ids`.
 */
export async function conditionStableDiffusionXl(
  parts: XlTextParts,
  request: ConditioningRequest,
): Promise<ModelConditioning> {
  const { prompts, negativePrompts, isGuided, clipSkip, xl = {} } = request;
  const images = prompts.length;
  const sizes = (conditions: MicroConditions, defaultScore: number): Feed => {
    const numbers = timeIds(
      conditions,
      { ...request, readsAestheticScore: parts.readsAestheticScore },
      defaultScore,
    );
    return { data: repeatRows(Float32Array.from(numbers), images), shape: [images, numbers.length] };
  };

  const positive = await embed(parts, [prompts, fillIn(xl.secondPrompts, prompts)], clipSkip);
  const conditional = {
    ...positive.texts,
    time_ids: sizes(xl.conditions ?? {}, aestheticScores.conditional),
  };
  if (!isGuided) return { conditional, unconditional: undefined, warnings: positive.warnings };

  const negativeTexts = negativePrompts ?? prompts.map(() => '');
  // diffusers leaves more layers out for the prompt only, never for the negative one.
  const negative =
    negativePrompts === undefined && parts.zerosForNoNegativePrompt
      ? { texts: zerosLike(positive.texts), warnings: [] }
      : await embed(parts, [negativeTexts, fillIn(xl.secondNegativePrompts, negativeTexts)], 0);
  const { aestheticScore: _, ...shared } = xl.conditions ?? {};
  const unconditional = {
    ...negative.texts,
    time_ids: sizes({ ...shared, ...xl.negativeConditions }, aestheticScores.unconditional),
  };
  return {
    conditional,
    unconditional,
    warnings: [...new Set([...positive.warnings, ...negative.warnings])],
  };
}

/** Texts, one list an encoder, to the network's two text inputs. An encoder that is alone reads the first list. */
async function embed(
  { encoders }: XlTextParts,
  texts: readonly (readonly string[])[],
  clipSkip: number,
): Promise<{ texts: Conditioning; warnings: readonly string[] }> {
  const embedded: TextEmbeddings[] = [];
  for (const [index, encoder] of encoders.entries()) {
    embedded.push(await embedTexts(encoder, texts[index]!, clipSkip));
  }
  const pooled = embedded.at(-1)?.pooled;
  if (!pooled) throw new Error('the last text encoder has no projection');
  return {
    texts: {
      encoder_hidden_states: joinWidths(embedded.map(({ hidden }) => hidden)),
      text_embeds: pooled,
    },
    warnings: embedded.flatMap(({ warnings }) => warnings),
  };
}

/** Tensors side by side along their last dimension; the others agree. */
function joinWidths(feeds: readonly Feed[]): Feed {
  const [first] = feeds;
  if (!first || feeds.length === 1) return first!;
  const widths = feeds.map(({ shape }) => shape.at(-1)!);
  const width = widths.reduce((sum, each) => sum + each, 0);
  const rows = first.data.length / widths[0]!;
  const data = new Float32Array(rows * width);
  let start = 0;
  for (const [index, feed] of feeds.entries()) {
    const own = widths[index]!;
    const values = feed.data as Float32Array;
    for (let row = 0; row < rows; row++) {
      data.set(values.subarray(row * own, (row + 1) * own), row * width + start);
    }
    start += own;
  }
  return { data, shape: [...first.shape.slice(0, -1), width] };
}

const zerosLike = (conditioning: Conditioning): Conditioning =>
  Object.fromEntries(
    Object.entries(conditioning).map(([name, { data, shape }]) => [
      name,
      { data: new Float32Array(data.length), shape },
    ]),
  );

/** An empty text stands for the first encoder's, as Python's `prompt_2 or prompt` has it. */
const fillIn = (second: readonly string[] | undefined, first: readonly string[]): readonly string[] =>
  first.map((text, index) => second?.[index] || text);
