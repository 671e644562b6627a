import { expect, it } from 'vitest';
import { fewStepsHint } from '../../core/src/cli/generate/few-steps.js';
import { inFast } from '../../core/src/cli/generate/generate-request.js';
import type { AvailableModel } from '../../core/src/models/available-models.js';

const model = (id: string, sharedOptions: AvailableModel['choices']['sharedOptions'], current = false) => ({
  ...{ id, current, plugin: `${id}-plugin`, aliases: [`${id}-alias`] },
  choices: { sharedOptions, samplers: [], schedules: [], promptTags: [], controlTensors: [] },
});
const models = [model('one', ['precision'], true), model('other', ['hiresFix'])];

it('sets the option of the plugin that has the model, beside the others', () => {
  const providerOptions = { 'one-plugin': { eta: 1 }, third: { a: 1 } };
  const expected = { 'one-plugin': { eta: 1, precision: 'fast' }, third: { a: 1 } };
  for (const request of [{ prompt: 'x' }, { prompt: 'x', model: 'one-alias' }])
    expect(inFast({ ...request, providerOptions }, models).providerOptions).toEqual(expected);
});

it.each(['other', 'unknown'])('refuses it for a model that has no such option: %s', (name) => {
  expect(() => inFast({ prompt: 'x', model: name }, models)).toThrow(
    /--fast: .* is computed in one way only/,
  );
});

it('names models for few steps where the one that is asked needs more', () => {
  const listed = (id: string, pipelineType: string, width: number, steps: number, current = false) => ({
    ...{ id, pipelineType, current, defaults: { width, height: width, steps } },
  });
  const known = [
    listed('usual', 'sd', 512, 25, true),
    listed('quick', 'sd', 512, 4),
    listed('other size', 'sd', 1024, 4),
    listed('other kind', 'sdxl', 512, 4),
  ];
  const list = () => known;
  expect(fewStepsHint({ steps: 4 }, list)).toBe(
    '"usual" is made for about 25 steps. Models for 4 or so: quick (4)',
  );
  expect(fewStepsHint({ steps: 4, model: 'quick' }, list)).toBeUndefined();
  expect(fewStepsHint({ steps: 4, model: 'other kind' }, list)).toBeUndefined();
  const neverAsked = () => {
    throw new Error('the disk was looked at for nothing');
  };
  for (const request of [{}, { steps: 20 }]) expect(fewStepsHint(request, neverAsked)).toBeUndefined();
});
