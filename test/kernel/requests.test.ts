import { describe, expect, it } from 'vitest';
import { createFixtureKernel } from '../fixtures/kernel.js';

const prompt = 'a fixture';

describe('a wrong request', () => {
  it.each([
    ['no prompt', {}, /^prompt: /],
    ['an empty prompt', { prompt: '' }, /^prompt: /],
    ['a prompt of 100 kB', { prompt: 'x'.repeat(100_000) }, /^prompt: .*32000/],
    ['width 0', { prompt, width: 0 }, /^width: /],
    ['width 100000', { prompt, width: 100_000 }, /^width: /],
    ['a width that the model does not make', { prompt, width: 2048 }, /width: 2048 is larger than 1024/],
    ['half a pixel', { prompt, width: 64.5 }, /^width: /],
    ['steps -1', { prompt, steps: -1 }, /^steps: /],
    ['a seed that is too large', { prompt, seed: 2 ** 32 }, /^seed: /],
    ['guidance that is not a number', { prompt, guidanceScale: Number.NaN }, /^guidanceScale: /],
    ['more pictures than the model makes', { prompt, n: 5 }, /n: 5 is more than 4/],
    ['a field that does not exist', { prompt, promt: 'x' }, /promt/],
    [
      'an input image for a model that takes none',
      { prompt, inputImages: [{ bytes: Uint8Array.of(1), mediaType: 'image/png' }] },
      /inputImages: "steady-one" takes none/,
    ],
    [
      'an option that the plugin does not know',
      { prompt, providerOptions: { steady: { colour: 'red' } } },
      /providerOptions\.steady: .*colour/,
    ],
    ['nothing at all', null, /object/],
  ])('%s: says which field', async (_, request, message) => {
    const manager = createFixtureKernel();
    await expect(manager.generateImage(request as never)).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      fault: 'caller',
      message: expect.stringMatching(message),
    });
  });

  it.each([0.5, 101, Number.NaN])('has a priority that there is not, %d', async (priority) => {
    const made = createFixtureKernel().generateImage({ prompt }, { priority });
    await expect(made).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      message: expect.stringMatching(/^priority: .*-100 to 100/),
    });
  });

  it('names the models that exist, nearest first', async () => {
    const manager = createFixtureKernel();
    await expect(manager.generateImage({ prompt, model: 'stedy-one' })).rejects.toMatchObject({
      code: 'ERR_MODEL_UNKNOWN',
      message: 'There is no model "stedy-one"; there are: steady-one, chaos-one.',
    });
  });
});

describe('a kernel without models', () => {
  it('says where they come from', async () => {
    const manager = createFixtureKernel({ catalogueFolders: [], currentModel: undefined });
    await expect(manager.generateImage({ prompt })).rejects.toMatchObject({
      code: 'ERR_MODEL_UNKNOWN',
      message: 'There are no models: no catalogue folder has one.',
      hint: expect.stringContaining('Install `easel`'),
    });
  });
});

describe('an adapted request', () => {
  it('rounds a size to what the model makes, and says so', async () => {
    const manager = createFixtureKernel();
    const { warnings, provenance } = await manager.generateImage({ prompt, width: 513, height: 99 });
    expect(provenance.parameters).toMatchObject({ width: 512, height: 96 });
    expect(warnings.map(({ code, parameter }) => [code, parameter])).toEqual([
      ['parameter-adapted', 'width'],
      ['parameter-adapted', 'height'],
    ]);
  });

  it('drops what the model has no such thing of, and says so', async () => {
    const manager = createFixtureKernel();
    const { warnings, provenance } = await manager.generateImage({
      prompt,
      negativePrompt: 'x',
      steps: 3,
      sampler: 'euler',
      strength: 0.5,
    });
    expect(warnings.map(({ parameter }) => parameter).sort()).toEqual([
      'negativePrompt',
      'sampler',
      'steps',
      'strength',
    ]);
    expect(provenance.parameters).not.toHaveProperty('steps');
  });

  it('draws a seed where none is given, and tells it', async () => {
    const manager = createFixtureKernel({}, { drawSeed: () => 1234 });
    const { images, provenance } = await manager.generateImage({ prompt, n: 3 });
    expect(images.map(({ seed }) => seed)).toEqual([1234, 1235, 1236]);
    expect(provenance).toMatchObject({
      model: 'steady-one',
      pipelineType: 'steady',
      plugin: { id: 'steady', version: '1.2.3' },
      parameters: { prompt, seed: 1234, n: 3, width: 64, height: 64 },
      attempts: [{ plugin: 'steady', outcome: 'ok' }],
    });
  });
});
