import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openCaseModel } from '../../../../../test/reference/case-model.js';
import { readTensors } from '../../../../../test/reference/tensors.js';
import { openModel } from '../../models/open-model.js';
import { seenPositions } from '../../networks/qwen/seen-positions.js';
import { visionSize } from '../../networks/qwen/vision-pixels.js';
import { resizeBicubic, resizeLanczos } from '../../pipelines/lanczos.js';
import { NetworkMemory } from '../../session/network-memory.js';
import { sizeOfPixels } from './editing.js';

const golden = fileURLToPath(new URL('../../../../../test/golden', import.meta.url));
const expected = await readTensors(
  `${golden}/d_pipelines/qwen_image_pipeline_expected/expected.safetensors`,
  (name) => name.startsWith('enc_edit.') || name === 'e0.in.image_u8',
);
const valuesOf = (name: string) => [...expected.get(name)!.data].map(Number);
const source = { rgb: Uint8Array.from(valuesOf('e0.in.image_u8')), width: 64, height: 64 };
const request = {
  prompts: ['make the sky green'],
  negativePrompts: undefined,
  isGuided: false,
  clipSkip: 0,
  width: 64,
  height: 64,
  inputImages: [source],
};

async function open() {
  const files = await openCaseModel(
    `${golden}/d_pipelines/qwen_image_pipeline`,
    golden,
    {},
    {
      _class_name: 'QwenImageEditPipeline',
    },
  );
  const model = await openModel(files, { memory: new NetworkMemory({ threads: 1 }) });
  onTestFinished(async () => {
    await model.release();
    await files.dispose();
  });
  return model;
}

test('an image is brought to the size that the text model sees, by the pixels that transformers has', () => {
  const { width, height } = sizeOfPixels(source, 1024 ** 2);
  expect([width, height]).toEqual([1024, 1024]);
  const seen = visionSize({ width, height }, 28, { least: 3136, most: 7056 });
  const resized = resizeBicubic(resizeLanczos(source, width, height), seen.width, seen.height);
  const wanted = valuesOf('enc_edit.resized_u8');
  expect([...resized.rgb]).toEqual(wanted);
});

test('the tokens of images have rows and columns, and those of the text count on behind them', () => {
  const ids = valuesOf('enc_edit.input_ids');
  const positions = seenPositions(
    ids.map((id) => id === 556),
    [{ rows: 3, columns: 3 }],
  );
  const wanted = valuesOf('enc_edit.position_ids');
  for (const axis of [0, 1, 2])
    expect([...positions].filter((_, at) => at % 3 === axis)).toEqual(
      wanted.slice(axis * ids.length, (axis + 1) * ids.length),
    );
});

test('a text is read with the image in it', async () => {
  const { conditional } = await (await open()).condition(request);
  const { data, shape } = conditional.encoder_hidden_states!;
  const wanted = valuesOf('enc_edit.prompt_embeds');
  expect(shape).toEqual([1, 21, 32]);
  for (const [index, value] of wanted.entries()) expect(Number(data[index])).toBeCloseTo(value, 3);
});

test('another image makes another conditioning of the same text, and the same again the same', async () => {
  const model = await open();
  const read = async (inputImages: readonly (typeof source)[]) =>
    (await model.condition({ ...request, inputImages })).conditional.encoder_hidden_states!.data;
  const first = await read([source]);
  const turned = { ...source, rgb: source.rgb.toReversed() };
  expect(await read([turned])).not.toEqual(first);
  expect(await read([{ ...source, rgb: source.rgb.slice() }])).toEqual(first);
});

test('a mark of an image in a prompt is refused', async () => {
  const asked = { ...request, prompts: ['a <|image_pad|> cat'] };
  await expect((await open()).condition(asked)).rejects.toThrow(
    /"<\|image_pad\|>" stands for an input image/,
  );
});

test.each([
  [{ width: 1024, height: 1024 }, 1024 ** 2, [1024, 1024]],
  [{ width: 1920, height: 1080 }, 384 ** 2, [512, 288]],
  [{ width: 10, height: 4000 }, 384 ** 2, [32, 7680]],
])('an image of %o has the size that diffusers computes', (image, pixels, [width, height]) => {
  expect(sizeOfPixels(image, pixels)).toEqual({ width, height });
});
