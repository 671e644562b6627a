import { expect, test } from 'vitest';
import { count, createModel, inputOf, request } from '../../../../test/reference/formula-model.js';
import type { ConditioningRequest, DiffusionModel } from './diffusion-model.js';
import { generateLatents } from './generate-pictures.js';

const both = { editing: true, composition: true };

/** A model whose network predicts a number that its prompt names. */
function createReader(changes: Partial<DiffusionModel> = {}) {
  const told: string[] = [];
  const { model, ...rest } = createModel({
    async condition({ prompts, negativePrompts, isGuided }: ConditioningRequest) {
      const tokens = (texts: readonly string[]) => ({
        text: { data: Float32Array.from(texts, (text) => Number(text.trim())), shape: [texts.length] },
      });
      const unconditional = isGuided ? tokens(negativePrompts ?? prompts.map(() => '0')) : undefined;
      return { conditional: tokens(prompts), unconditional, warnings: [] };
    },
    async predict({ shape: [rows = 1] }, _, conditioning) {
      const numbers = [...(conditioning.text!.data as Float32Array)];
      told.push(numbers.join(' '));
      return Float32Array.from({ length: rows * count }, (_, index) => numbers[Math.floor(index / count)]!);
    },
    ...changes,
  });
  return { model, told, ...rest };
}

test('a prompt changes from step to step, and webui’s stages last a step longer than they say', async () => {
  const { model, told } = createReader();
  await generateLatents(model, request({ prompts: ['[1:2:2]'], promptSyntax: both }));
  expect(told).toEqual(['1', '1', '1', '2', '2', '2']);
});

test('a negative prompt changes as well, and both halves of a step of two calls are told the same', async () => {
  const { model, told } = createReader();
  const asked = { prompts: ['[1|2]'], negativePrompts: ['[3:4:0.5]'], steps: 4, sampler: 'heun' };
  await generateLatents(model, request({ ...asked, guidanceScale: 2, promptSyntax: both }));
  expect(told).toEqual(['3 1', '3 1', '3 1', '3 1', '3 2', '3 2', '4 1']);
});

test('a refiner goes on where the steps before it have stopped', async () => {
  const { model, told } = createReader();
  const asked = { prompts: ['[1:2:3]'], promptSyntax: both };
  const { latents } = await generateLatents(model, request({ ...asked, denoisingEnd: 0.5 }));
  const source = { kind: 'latents', latents } as const;
  await generateLatents(model, request({ ...asked, source, denoisingStart: 0.5 }));
  expect(told).toEqual(['1', '1', '1', '1', '2', '2']);
});

test('prompts are composed by their weights, past the unconditional prediction', async () => {
  const composed = createReader();
  const alone = createReader();
  const guided = { guidanceScale: 3, steps: 2, promptSyntax: both };
  const { latents } = await generateLatents(
    composed.model,
    request({ ...guided, prompts: ['4 AND 8 :0.5'], negativePrompts: ['2'] }),
  );
  // 2 + (4 - 2) + 0.5 (8 - 2)
  const one = await generateLatents(
    alone.model,
    request({ ...guided, prompts: ['7'], negativePrompts: ['2'] }),
  );
  expect(latents).toEqual(one.latents);
  expect(composed.told).toEqual(['2 4', '8', '2 4', '8']);
});

test.each([
  ['switched off', {}, { editing: false, composition: false }],
  ['a model that reads sentences', { readsSentences: true } as const, both],
])('reads nothing of it where it is not to: %s', async (_, changes, promptSyntax) => {
  const { model, asked, calls } = createModel(changes);
  const prompts = ['[a:b:0.5] AND c'];
  await generateLatents(model, request({ prompts, guidanceScale: 2, promptSyntax }));
  expect(asked.map((each) => each.prompts)).toEqual([prompts]);
  expect(inputOf(calls[0]!)).toHaveLength(2 * count);
});
