import { expect, it } from 'vitest';
import { inFast } from '../../core/src/cli/generate/generate-request.js';
import type { AvailableModel } from '../../core/src/models/available-models.js';

const model = (id: string, sharedOptions: AvailableModel['choices']['sharedOptions'], current = false) => ({
  ...{ id, current, plugin: `${id}-plugin`, aliases: [`${id}-alias`] },
  choices: { sharedOptions, samplers: [], schedules: [], promptTags: [] },
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
