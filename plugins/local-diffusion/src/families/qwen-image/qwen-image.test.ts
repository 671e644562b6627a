import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openComponent } from '../../checkpoint/component.js';
import { openModel } from '../../models/open-model.js';
import { NetworkMemory } from '../../session/network-memory.js';
import { families, familyOfFile } from '../index.js';
import { centredPlaces, placesBehind } from './token-places.js';

const folder = fileURLToPath(
  new URL('../../../../../test/golden/d_pipelines/qwen_image_pipeline', import.meta.url),
);
const request = { negativePrompts: undefined, clipSkip: 0, width: 64, height: 64 };

async function open() {
  const model = await openModel({ path: folder }, { memory: new NetworkMemory({ threads: 1 }) });
  onTestFinished(() => model.release());
  return model;
}

test('a text is read without what the template has before it, and guided away from one of a space', async () => {
  const model = await open();
  const asked = { ...request, prompts: ['a cat'], isGuided: true };
  const { conditional, unconditional } = await model.condition(asked);
  // The text, the mark of its end, and "assistant" with its marks and line ends.
  const [length] = conditional.text_lengths!.data;
  expect(conditional.encoder_hidden_states!.shape).toEqual([1, Number(length), 32]);
  const told = await model.condition({ ...asked, negativePrompts: [' '] });
  expect(unconditional).toEqual(told.unconditional);
  const cut = await model.condition({ ...asked, isGuided: false, familyOptions: { textTokens: 2 } });
  expect([...cut.conditional.text_lengths!.data]).toEqual([2]);
  expect(cut.conditional.encoder_hidden_states!.data).toEqual(
    conditional.encoder_hidden_states!.data.slice(0, 2 * 32),
  );
});

test('a batch of texts of several lengths is predicted as each of them alone', async () => {
  const model = await open();
  const prompts = ['a cat', 'a cat in a very tall hat', 'a dog'];
  const latents = (from: number, count: number) => ({
    data: Float32Array.from({ length: count * 4 * 8 * 8 }, (_, index) => Math.sin(from * 256 + index)),
    shape: [count, 4, 8, 8],
  });
  const onlyCall = { start: 0, end: 1 };
  const conditionOf = async (texts: readonly string[]) =>
    (await model.condition({ ...request, prompts: texts, isGuided: false })).conditional;
  const together = await model.predict(latents(0, 3), 500, await conditionOf(prompts), onlyCall);
  for (const [index, prompt] of prompts.entries()) {
    const alone = await model.predict(latents(index, 1), 500, await conditionOf([prompt]), onlyCall);
    expect(together.slice(index * 256, (index + 1) * 256)).toEqual(alone);
  }
});

test('places count from the middle of an image, and those of the text come behind all of them', () => {
  // Five rows, four columns.
  const places = centredPlaces(10, 8, 2);
  expect([...places.slice(0, 6)]).toEqual([2, -3, -2, 2, -3, -1]);
  expect([...places.slice(-3)]).toEqual([2, 1, 1]);
  expect([...placesBehind(places, 2).data].map(Number)).toEqual([2, 2, 2, 3, 3, 3]);
});

test.each(['', 'model.diffusion_model.'])(
  'a file of its transformer below "%s" is recognised',
  async (prefix) => {
    const { tensors } = await openComponent(`${folder}/transformer`);
    const named = new Map([...tensors].map(([name, location]) => [prefix + name, location]));
    const { family, variant } = familyOfFile('/models/qwen_image_bf16.safetensors', named, families);
    expect([family.type, variant.title]).toEqual(['qwen-image', 'Qwen-Image']);
    expect(family.singleFile?.componentsOf(named).get('transformer')).toEqual(new Map(tensors));
  },
);

test.each([
  ['qwen_2.5_vl_7b_fp8_scaled', 'text_encoder'],
  ['Qwen2.5-VL-7B-Instruct-Q4_K_M', 'text_encoder'],
  ['qwen_image_vae', 'vae'],
])('the file %s is taken for its %s', (fileName, component) => {
  const { companions = [] } = families.find(({ type }) => type === 'qwen-image')!.singleFile!;
  expect(companions.filter((each) => each.fileName.test(fileName)).map(({ name }) => name)).toEqual([
    component,
  ]);
});
