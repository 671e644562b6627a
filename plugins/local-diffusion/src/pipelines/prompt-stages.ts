import { splitComposition } from '../prompt/composition.js';
import {
  isPlain,
  type PromptStage,
  readEditedPrompt,
  type StepCount,
  stagesOf,
} from '../prompt/edited-prompt.js';
import type { Conditioning, DiffusionModel } from './diffusion-model.js';
import { editedImages, withInputImages } from './editing.js';
import type { PictureRequest } from './picture-request.js';

/** What the network is told at a step. */
export interface ComposedConditioning {
  /** One entry a prompt that the image is composed of; at least one. */
  readonly parts: readonly {
    readonly conditional: Conditioning;
    /** How much it counts, one number an image. */
    readonly weights: readonly number[];
  }[];
  /** Absent where there is no guidance. */
  readonly unconditional: Conditioning | undefined;
}

/** What the network is told from step to step. */
export interface StagedConditioning {
  /** The same object as long as it is told the same. */
  at(step: number): ComposedConditioning;
  /** A sentence for each thing that had no effect. */
  readonly warnings: readonly string[];
}

/**
 * Makes of the prompts of a request what the network is told at each step: one thing, unless they are edited
 * as they go.
 */
export async function conditionByStages(
  model: DiffusionModel,
  request: PictureRequest,
  isGuided: boolean,
): Promise<StagedConditioning> {
  const { negativePrompts, promptSyntax } = request;
  const reads = model.readsSentences ? undefined : promptSyntax;
  const stages = (text: string) => stagesIn(text, request, reads?.editing ?? false);
  const prompts = request.prompts.map((prompt) =>
    (reads?.composition && isGuided ? splitComposition(prompt) : [{ text: prompt, weight: 1 }]).map(
      ({ text, weight }) => ({ stages: stages(text), weight }),
    ),
  );
  const negatives = negativePrompts?.map(stages);
  const all = [...prompts.flat().map((part) => part.stages), ...(negatives ?? [])];
  const ends = [...new Set(all.flatMap((own) => own.map(({ until }) => until)))];
  ends.sort((one, other) => one - other);
  const partCount = Math.max(...prompts.map((parts) => parts.length));

  const known = new Map<string, ComposedConditioning>();
  const told: ComposedConditioning[] = [];
  const warnings = new Set<string>();
  for (const end of ends) {
    const own = negatives?.map((each) => textAt(each, end));
    const texts = Array.from({ length: partCount }, (_, part) =>
      prompts.map((parts) => (parts[part] ? textAt(parts[part].stages, end) : '')),
    );
    const key = JSON.stringify([texts, own]);
    let composed = known.get(key);
    if (!composed) {
      const made = [];
      for (const each of texts) made.push(await condition(model, request, isGuided, each, own));
      for (const { warnings: own } of made) for (const warning of own) warnings.add(warning);
      composed = {
        parts: made.map(({ conditional }, part) => ({
          conditional,
          weights: prompts.map((parts) => parts[part]?.weight ?? 0),
        })),
        unconditional: made[0]!.unconditional,
      };
      known.set(key, composed);
    }
    told.push(composed);
  }
  return {
    // A step is counted from 0 and an end from 1, so each stage lasts a step longer than it says, as in
    // `reconstruct_cond_batch` of webui's `modules/prompt_parser.py`.
    at: (step) => told[ends.findIndex((end) => step <= end)] ?? told.at(-1)!,
    warnings: [...warnings],
  };
}

async function condition(
  model: DiffusionModel,
  request: PictureRequest,
  isGuided: boolean,
  prompts: readonly string[],
  negativePrompts: readonly string[] | undefined,
) {
  const inputImages = editedImages(model, request);
  const text = await model.condition({ ...request, prompts, negativePrompts, isGuided, inputImages });
  return await withInputImages(model, request, text);
}

function stagesIn(text: string, count: StepCount, isEdited: boolean): PromptStage[] {
  const prompt = isEdited ? readEditedPrompt(text) : [text];
  return isPlain(prompt) ? [{ until: count.steps, text }] : stagesOf(prompt, count);
}

const textAt = (stages: readonly PromptStage[], end: number): string =>
  (stages.find(({ until }) => end <= until) ?? stages.at(-1)!).text;
