import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { openComponent } from '../../../plugins/local-diffusion/src/checkpoint/component.js';
import { clipTextGraph } from '../../../plugins/local-diffusion/src/networks/clip/clip-text.js';
import { readClipTextConfig } from '../../../plugins/local-diffusion/src/networks/clip/clip-text-config.js';
import { parseComfyUiWeights } from '../../../plugins/local-diffusion/src/prompt/comfyui-weights.js';
import { splitComposition } from '../../../plugins/local-diffusion/src/prompt/composition.js';
import { readEditedPrompt, stagesOf } from '../../../plugins/local-diffusion/src/prompt/edited-prompt.js';
import {
  encodePrompts,
  type PreparedPrompts,
  preparePrompts,
} from '../../../plugins/local-diffusion/src/prompt/encode-prompts.js';
import { parsePromptWeights } from '../../../plugins/local-diffusion/src/prompt/weights.js';
import type { ClipTokenizer } from '../../../plugins/local-diffusion/src/tokenizers/clip-tokenizer.js';
import { largestError } from '../arrays.js';
import type { CaseOutcome, ReferenceCase, ReferenceKind } from '../case.js';
import { runGraph } from '../run-graph.js';
import { readTensors } from '../tensors.js';
import { loadTokenizer } from './tokenizer.js';

const stages = z.array(z.tuple([z.number(), z.string()]));
const embeddingCase = z.looseObject({
  id: z.string(),
  prompt: z.string(),
  emphasis: z.string().default('Original'),
  model: z.string().default('sd15'),
  clip_skip: z.number().default(1),
  comma_padding_backtrack: z.number().default(20),
  chunks: z.array(z.looseObject({ tokens: z.array(z.number()) })).optional(),
  mean_condition: z.number().default(0),
});
const tokens = z.array(z.array(z.tuple([z.union([z.number(), z.string()]), z.number()])));
const comfyCase = z.looseObject({
  id: z.string(),
  prompt: z.string(),
  model: z.enum(['sd15', 'sdxl']),
  clip_layer: z.number().nullish(),
  /** Of the first chunks. */
  tokens: tokens.optional(),
});
type ComfyCase = z.output<typeof comfyCase>;
type EmbeddingCase = z.output<typeof embeddingCase>;
const fileSchema = z.object({
  comfyui: z.object({
    parse: z.array(z.object({ prompt: z.string(), weights: z.array(z.tuple([z.string(), z.number()])) })),
    cases: z.array(comfyCase),
  }),
  compel: z.looseObject({ cases: z.array(z.looseObject({ id: z.string() })) }),
  a1111: z.object({
    parse: z.array(z.object({ prompt: z.string(), result: z.array(z.tuple([z.string(), z.number()])) })),
    cases: z.array(embeddingCase),
    prompt_editing: z.array(
      z.object({
        prompt: z.string(),
        steps: z.number(),
        schedule: stages,
        hires: z.object({ hires_steps: z.number(), schedule: stages }),
      }),
    ),
    AND: z.array(
      z.object({
        prompt: z.string(),
        flat: z.array(z.string()),
        indexes: z.array(z.tuple([z.number(), z.number()])),
      }),
    ),
  }),
});

/** Weights, editing and composition of prompts, by Automatic1111's and ComfyUI's own functions. */
export const promptWeights: ReferenceKind = {
  folder: 'k_prompt_weights',
  async cases(folder) {
    const text = await readFile(join(folder, 'prompts.json'), 'utf8');
    const { a1111, comfyui, compel } = fileSchema.parse(JSON.parse(text));
    const otherSyntax = compel.cases.map(({ id }) => ({
      id,
      run: async (): Promise<CaseOutcome> => ({
        status: 'not-built',
        detail: 'the syntax of another program',
      }),
    }));
    return [
      ...a1111.parse.map((each, index) => ({ id: `parse_${index}`, run: async () => compareParts(each) })),
      ...a1111.prompt_editing.map((each, index) => ({
        id: `editing_${index}`,
        run: async () => compareStages(each),
      })),
      ...a1111.AND.map((each, index) => ({ id: `and_${index}`, run: async () => compareComposition(each) })),
      ...a1111.cases.map((each): ReferenceCase => ({ id: each.id, run: () => compareHidden(folder, each) })),
      ...comfyui.parse.map((each, index) => ({
        id: `comfy_parse_${index}`,
        run: async () => compareComfyParts(each),
      })),
      ...comfyui.cases.map((each): ReferenceCase => ({ id: each.id, run: () => compareComfy(folder, each) })),
      ...otherSyntax,
    ];
  },
};

function compareParts({
  prompt,
  result,
}: z.output<typeof fileSchema>['a1111']['parse'][number]): CaseOutcome {
  // A break within brackets has a weight there, and is the word itself then.
  if (result.some(([text, weight]) => text === 'BREAK' && weight !== -1))
    return { status: 'not-built', detail: 'a BREAK within brackets, which stays one here' };
  const parts = parsePromptWeights(prompt).map((part) =>
    part.kind === 'break' ? ['BREAK', -1] : [part.text, part.weight],
  );
  const wanted = result.filter(([text]) => text !== '');
  return outcomeOf(rounded(parts), rounded(wanted));
}

function compareStages({
  prompt,
  steps,
  schedule,
  hires,
}: z.output<typeof fileSchema>['a1111']['prompt_editing'][number]): CaseOutcome {
  const edited = readEditedPrompt(prompt);
  const told = (count: Parameters<typeof stagesOf>[1]) =>
    stagesOf(edited, count).map(({ until, text }) => [until, text]);
  const second = { steps: hires.hires_steps, earlierSteps: steps };
  return outcomeOf([told({ steps }), told(second)], [schedule, hires.schedule]);
}

function compareComposition({
  prompt,
  flat,
  indexes,
}: z.output<typeof fileSchema>['a1111']['AND'][number]): CaseOutcome {
  const parts = splitComposition(prompt).map(({ text, weight }) => [text, weight]);
  return outcomeOf(
    parts,
    indexes.map(([index, weight]) => [flat[index], weight]),
  );
}

function compareComfyParts({
  prompt,
  weights,
}: z.output<typeof fileSchema>['comfyui']['parse'][number]): CaseOutcome {
  const parts = parseComfyUiWeights(prompt).map((part) =>
    part.kind === 'break' ? ['BREAK', -1] : [part.text, part.weight],
  );
  return outcomeOf(rounded(parts), rounded(weights));
}

async function compareHidden(folder: string, given: EmbeddingCase): Promise<CaseOutcome> {
  if (given.emphasis !== 'Original' || given.comma_padding_backtrack !== 20)
    return { status: 'not-built', detail: 'a setting of the program' };
  const isXl = given.model.startsWith('sdxl');
  const base = join(dirname(folder), 'd_pipelines', isXl ? 'sdxl_pipeline' : 'sd_pipeline');
  const tokenizer = await loadTokenizer(join(base, 'tokenizer'));
  const prepared = preparePrompts(tokenizer, [given.prompt]);
  const ids = prepared.prompts[0]?.map((chunk) => chunk.ids) ?? [];
  if (given.chunks && !samePadding(tokenizer, ids, given.chunks))
    return { status: 'failed', detail: `${JSON.stringify(given.prompt)}: other chunks` };
  const hidden = await encode(join(base, 'text_encoder'), prepared, isXl, given.clip_skip - 1);
  return await compareNumbers(folder, given.id, hidden, Math.max(1e-4, 1e-7 * given.mean_condition));
}

async function compareComfy(folder: string, given: ComfyCase): Promise<CaseOutcome> {
  if (given.prompt.includes('embedding:'))
    return { status: 'not-built', detail: 'embeddings are the pipelines’ part' };
  const isXl = given.model === 'sdxl';
  const base = join(dirname(folder), 'd_pipelines', isXl ? 'sdxl_pipeline' : 'sd_pipeline');
  const clipSkip = -1 - (given.clip_layer ?? -1);
  const halves: Float32Array[] = [];
  for (const suffix of isXl ? ['', '_2'] : ['']) {
    const tokenizer = await loadTokenizer(join(base, `tokenizer${suffix}`));
    const prepared = preparePrompts(tokenizer, [given.prompt], { syntax: 'comfyui' });
    const chunks = prepared.prompts[0]?.map(({ ids, weights }) =>
      ids.map((id, at) => [id, weights[at] ?? 0]),
    );
    const outcome = outcomeOf(
      chunks?.slice(0, given.tokens?.length).map(rounded),
      given.tokens?.map(rounded),
    );
    if (suffix === '' && given.tokens && outcome.status === 'failed') return outcome;
    halves.push(await encode(join(base, `text_encoder${suffix}`), prepared, isXl, clipSkip));
  }
  return await compareNumbers(folder, given.id, sideBySide(halves, given), 1e-4);
}

/** [tokens, width] of each encoder to [tokens, all widths]. */
function sideBySide(halves: readonly Float32Array[], { shape }: ComfyCase): Float32Array {
  const [, tokens = 1] = z.array(z.number()).parse(shape);
  return Float32Array.from(
    Array.from({ length: tokens }, (_, token) =>
      halves.flatMap((half) => {
        const width = half.length / tokens;
        return [...half.subarray(token * width, (token + 1) * width)];
      }),
    ).flat(),
  );
}

async function compareNumbers(
  folder: string,
  id: string,
  hidden: Float32Array,
  tolerance: number,
): Promise<CaseOutcome> {
  const found = await readTensors(join(folder, 'expected.safetensors'), (name) => name === id);
  const wanted = found.get(id)?.data;
  if (!(wanted instanceof Float32Array)) return { status: 'failed', detail: 'the numbers are missing' };
  const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const error = largestError(hidden, wanted, 'absolute') / largest;
  return { status: error <= tolerance ? 'passed' : 'failed', detail: `error ${error.toPrecision(2)}` };
}

/** Padding is the tokenizer's own here, where the program pads with the token of the end. */
const samePadding = (
  { padId, eosId }: ClipTokenizer,
  ids: readonly (readonly number[])[],
  chunks: readonly { readonly tokens: readonly number[] }[],
): boolean => {
  const plain = (row: readonly number[]) => row.map((id) => (id === padId ? eosId : id)).join();
  return ids.map(plain).join(';') === chunks.map(({ tokens }) => plain(tokens)).join(';');
};

/** The weighted states of a folder's encoder. */
async function encode(
  folder: string,
  prepared: PreparedPrompts,
  isXl: boolean,
  clipSkip: number,
): Promise<Float32Array> {
  const component = await openComponent(folder);
  const { width, layers } = readClipTextConfig(component);
  const graph = clipTextGraph(component, { clipSkip, hiddenStates: isXl });
  const { hidden } = await encodePrompts(prepared, async (ids) => {
    const data = BigInt64Array.from(ids.flat(), BigInt);
    const tokens = ids[0]?.length ?? 0;
    const inputs = new Map([['input_ids', { shape: [ids.length, tokens], data }]]);
    const results = await runGraph(graph, inputs);
    const states = results.get(isXl ? `hidden_states.${layers - 1}` : 'last_hidden_state');
    return { hidden: states ?? new Float32Array(), shape: [ids.length, tokens, width] };
  });
  return hidden;
}

const rounded = (parts: readonly (readonly (string | number)[])[]) =>
  parts.map((part) =>
    part.map((value) => (typeof value === 'number' ? Number(value.toPrecision(8)) : value)),
  );

function outcomeOf(ours: unknown, wanted: unknown): CaseOutcome {
  const [one, other] = [JSON.stringify(ours), JSON.stringify(wanted)];
  if (one === other) return { status: 'passed', detail: 'equal' };
  return { status: 'failed', detail: `${one}, not ${other}` };
}
