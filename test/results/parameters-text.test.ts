import { describe, expect, it } from 'vitest';
import { formatParametersText, parseParametersText } from '../../core/src/results/parameters-text.js';
import { requestFromParametersText } from '../../core/src/results/request-from-parameters-text.js';

const parameters = {
  prompt: 'a red house',
  negativePrompt: 'people, cars',
  width: 96,
  height: 64,
  n: 1,
  seed: 7,
  steps: 20,
  guidanceScale: 3.5,
  sampler: 'dpmpp_2m',
  samplerLabel: { sampler: 'DPM++ 2M' },
};
const request = (text: string) => requestFromParametersText(parseParametersText(text), 'picture.png');

describe('the parameters text', () => {
  it('is written as other tools read it', () => {
    expect(formatParametersText(parameters, 'painter-one', 'Easel 0.1.0')).toBe(
      'a red house\nNegative prompt: people, cars\n' +
        'Steps: 20, Sampler: DPM++ 2M, CFG scale: 3.5, Seed: 7, Size: 96x64, Model: painter-one, Version: Easel 0.1.0',
    );
  });

  it('names the schedule apart from the sampler, and leaves out what there is not', () => {
    const { negativePrompt: _, steps: __, ...rest } = parameters;
    expect(
      formatParametersText(
        { ...rest, samplerLabel: { sampler: 'Euler a', schedule: 'Karras' } },
        'painter-one',
        'Easel 0.1.0',
      ),
    ).toBe(
      'a red house\nSampler: Euler a, Schedule type: Karras, CFG scale: 3.5, Seed: 7, Size: 96x64, Model: painter-one, Version: Easel 0.1.0',
    );
  });

  it.each(['a, b', 'a: b', 'a\nb', 'say "x", twice', 'back\\slash, and "quote"'])(
    'quotes the value %j, and it comes back',
    (sampler) => {
      const { samplerLabel: _, ...rest } = parameters;
      const text = formatParametersText({ ...rest, sampler }, 'painter-one', 'Easel 0.1.0');
      expect(text).toContain(`Sampler: ${JSON.stringify(sampler)}, `);
      expect(parseParametersText(text).values.get('Sampler')).toBe(sampler);
    },
  );

  it('comes back as the request that it tells', () => {
    const text = formatParametersText(
      {
        ...parameters,
        prompt: 'two\nlines: of, it',
        samplerLabel: { sampler: 'DPM++ 2M', schedule: 'Karras' },
      },
      'painter-one',
      'Easel 0.1.0',
    );
    expect(request(text)).toEqual({
      request: {
        prompt: 'two\nlines: of, it',
        negativePrompt: 'people, cars',
        width: 96,
        height: 64,
        seed: 7,
        steps: 20,
        guidanceScale: 3.5,
        sampler: 'DPM++ 2M Karras',
        model: 'painter-one',
      },
      warnings: [],
    });
  });
});

describe('the parameters text of another tool', () => {
  const foreign = [
    'masterpiece, (a red house:1.2), <lora:paint:0.8>',
    'Negative prompt: blurry,',
    'low quality',
    'Steps: 28, Sampler: Euler a, Schedule type: Automatic, CFG scale: 7, Seed: 1234567890, Size: 512x768, Model hash: 6ce0161689, Model: dreamlike, Denoising strength: 0.5, Lora hashes: "paint: 1a2b, other: 3c4d", Version: v1.10.1',
  ].join('\n');

  it('is understood as far as it can be, and a warning names the rest', () => {
    const { request: understood, warnings } = request(foreign);
    expect(understood).toEqual({
      prompt: 'masterpiece, (a red house:1.2), <lora:paint:0.8>',
      negativePrompt: 'blurry,\nlow quality',
      steps: 28,
      sampler: 'Euler a',
      guidanceScale: 7,
      seed: 1234567890,
      width: 512,
      height: 768,
    });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.message).toMatch(
      /picture\.png .*: Model hash, Model \(dreamlike\), Denoising strength, Lora hashes\.$/,
    );
  });

  it('may be a prompt alone', () => {
    expect(request('just a house: red, with, commas')).toEqual({
      request: { prompt: 'just a house: red, with, commas' },
      warnings: [],
    });
  });

  it('keeps values that are out of range out of the request', () => {
    const { request: understood, warnings } = request(
      'x\nSteps: -3, Sampler: Euler, CFG scale: many, Seed: 99999999999, Size: 0x9999999999, Schedule type: Wobbly',
    );
    expect(understood).toEqual({ prompt: 'x', sampler: 'Euler' });
    expect(warnings[0]?.message).toContain('Steps, CFG scale, Seed, Size, Schedule type (Wobbly)');
  });

  it('is refused without a prompt', () => {
    expect(() => request('Negative prompt: x\nSteps: 1, Seed: 2, Size: 8x8')).toThrow(/tells no prompt/);
  });

  it('takes no time, however it is made', () => {
    const startedAt = performance.now();
    for (const piece of ['a', 'a ', 'a:', 'a:"', 'a: "\\', ',', '"', 'a: "b", ', '\n', 'aa:"x,']) {
      parseParametersText(piece.repeat(200_000));
    }
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});
