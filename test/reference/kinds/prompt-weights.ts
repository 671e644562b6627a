import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { openComponent } from '../../../plugins/local-diffusion/src/checkpoint/component.js';
import { clipTextGraph } from '../../../plugins/local-diffusion/src/networks/clip/clip-text.js';
import { readClipTextConfig } from '../../../plugins/local-diffusion/src/networks/clip/clip-text-config.js';
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
type EmbeddingCase = z.output<typeof embeddingCase>;
const fileSchema = z.object({
  comfyui: z.looseObject({ cases: z.array(z.looseObject({ id: z.string() })) }),
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

/** Weights, editing and composition of prompts, by Automatic1111's own functions. */
export const promptWeights: ReferenceKind = {
  folder: 'k_prompt_weights',
  async cases(folder) {
    const text = await readFile(join(folder, 'prompts.json'), 'utf8');
    const { a1111, comfyui, compel } = fileSchema.parse(JSON.parse(text));
    const otherSyntax = [...comfyui.cases, ...compel.cases].map(({ id }) => ({
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

async function compareHidden(folder: string, given: EmbeddingCase): Promise<CaseOutcome> {
  if (given.emphasis === 'Ignore' || given.emphasis === 'No norm')
    return { status: 'not-built', detail: 'a setting of the program' };
  if (given.comma_padding_backtrack !== 20)
    return { status: 'not-built', detail: 'a setting of the program' };
  const isXl = given.model.startsWith('sdxl');
  const base = join(dirname(folder), 'd_pipelines', isXl ? 'sdxl_pipeline' : 'sd_pipeline');
  const tokenizer = await loadTokenizer(join(base, 'tokenizer'));
  const prepared = preparePrompts(tokenizer, [given.prompt], { readsWeights: given.emphasis !== 'None' });
  const ids = prepared.prompts[0]?.map((chunk) => chunk.ids) ?? [];
  if (given.chunks && !samePadding(tokenizer, ids, given.chunks))
    return { status: 'failed', detail: `${JSON.stringify(given.prompt)}: other chunks` };
  const { hidden } = await encode(join(base, 'text_encoder'), prepared, isXl, given.clip_skip - 1);
  const wanted = (await readTensors(join(folder, 'expected.safetensors'), (name) => name === given.id)).get(
    given.id,
  );
  if (!(wanted?.data instanceof Float32Array)) return { status: 'failed', detail: 'the numbers are missing' };
  const largest = wanted.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const error = largestError(hidden, wanted.data, 'absolute') / largest;
  const tolerance = Math.max(1e-4, 1e-7 * given.mean_condition);
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

async function encode(folder: string, { prompts }: PreparedPrompts, isXl: boolean, clipSkip: number) {
  const component = await openComponent(folder);
  const { width, layers } = readClipTextConfig(component);
  const graph = clipTextGraph(component, { clipSkip, hiddenStates: isXl });
  return await encodePrompts(prompts, async (ids) => {
    const data = BigInt64Array.from(ids.flat(), BigInt);
    const tokens = ids[0]?.length ?? 0;
    const inputs = new Map([['input_ids', { shape: [ids.length, tokens], data }]]);
    const results = await runGraph(graph, inputs);
    const hidden = results.get(isXl ? `hidden_states.${layers - 1}` : 'last_hidden_state');
    return { hidden: hidden ?? new Float32Array(), shape: [ids.length, tokens, width] };
  });
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
