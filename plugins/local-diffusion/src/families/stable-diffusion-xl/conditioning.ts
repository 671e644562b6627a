import type {
  Conditioning,
  ConditioningRequest,
  ModelConditioning,
} from '../../pipelines/diffusion-model.js';
import { repeatRows } from '../../pipelines/draws.js';
import { embedTexts, type TextEmbeddings, type TextEncoder, type Texts } from '../../prompt/text-encoding.js';
import type { Feed } from '../../session/network.js';
import { joinWidths } from '../components/joined-feeds.js';
import { type MicroConditions, readRequest } from './options.js';
import { timeIds } from './size-conditioning.js';

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
 * The conditioning of SDXL base and refiner: both encoders' last hidden states but one, side by side, the
 * second one's pooled embedding, and the picture's sizes. diffusers:
 * `StableDiffusionXLPipeline.encode_prompt` and `_get_add_time_ids`.
 */
export async function conditionStableDiffusionXl(
  parts: XlTextParts,
  request: ConditioningRequest,
): Promise<ModelConditioning> {
  const { prompts, negativePrompts, isGuided } = request;
  const own = readRequest(request.familyOptions);
  const images = prompts.length;
  const sizes = (conditions: MicroConditions, defaultScore: number): Feed => {
    const numbers = timeIds(
      conditions,
      { ...request, readsAestheticScore: parts.readsAestheticScore },
      defaultScore,
    );
    return { data: repeatRows(Float32Array.from(numbers), images), shape: [images, numbers.length] };
  };

  const hasNegative = isGuided && !(negativePrompts === undefined && parts.zerosForNoNegativePrompt);
  const negativeTexts = negativePrompts ?? prompts.map(() => '');
  const texts: Texts[] = [
    { prompts, negativePrompts: negativeTexts },
    {
      prompts: fillIn(own.secondPrompts, prompts),
      negativePrompts: fillIn(own.secondNegativePrompts, negativeTexts),
    },
  ].map((both) => (hasNegative ? both : { prompts: both.prompts }));
  // An encoder that is alone, the refiner's, reads the first list, and what was learned for the second of
  // two.
  const inversions = request.inversions?.map((inversion) => ({
    ...inversion,
    matrices: inversion.matrices.slice(-parts.encoders.length),
  }));
  const embedded = await embedTexts(parts.encoders, texts, { ...request, inversions });
  const positive = textInputs(embedded.conditional);
  const conditional = {
    ...positive,
    time_ids: sizes(own.conditions ?? {}, aestheticScores.conditional),
  };
  const { warnings } = embedded;
  if (!isGuided) return { conditional, unconditional: undefined, warnings };

  const negative = embedded.unconditional ? textInputs(embedded.unconditional) : zerosLike(positive);
  const { aestheticScore: _, ...shared } = own.conditions ?? {};
  const unconditional = {
    ...negative,
    time_ids: sizes({ ...shared, ...own.negativeConditions }, aestheticScores.unconditional),
  };
  return { conditional, unconditional, warnings };
}

/** What the encoders made of the texts as the network's two text inputs. */
function textInputs(embedded: readonly TextEmbeddings[]): Conditioning {
  const pooled = embedded.at(-1)?.pooled;
  if (!pooled) throw new Error('the last text encoder has no projection');
  return { encoder_hidden_states: joinWidths(embedded.map(({ hidden }) => hidden)), text_embeds: pooled };
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
