import { EaselError } from '@easel/plugin-sdk';
import { expect, test } from 'vitest';
import { labelSampler, resolveSampler, samplerNames } from './names.js';
import { samplers } from './samplers/index.js';

test.each([
  ['DPM++ 2M Karras', 'dpmpp_2m_karras'],
  ['k_dpmpp-2m_karras', 'dpmpp_2m_karras'],
  ['DPM++ 2M SDE', 'dpmpp_2m_sde'],
  ['dpmpp_3m_sde_gpu', 'dpmpp_3m_sde'],
  ['Euler a', 'euler_ancestral'],
  ['PLMS', 'pndm'],
  ['DPM2 a', 'dpm_2_ancestral'],
  ['UniPC', 'unipc'],
  ['DDIMScheduler', 'ddim'],
  ['heun_exponential', 'heun_exponential'],
  ['dpmpp_2m_k', 'dpmpp_2m_karras'],
  ['euler_k', 'euler_karras'],
  ['heun_k', 'heun_karras'],
  ['DPM++ SDE Karras', 'dpmpp_sde_karras'],
  ['DPM++ 2S a', 'dpmpp_2s_ancestral'],
  ['dpmpp_sde_gpu', 'dpmpp_sde'],
  ['Euler a SGM Uniform', 'euler_ancestral_sgm_uniform'],
])('takes %s for %s', (name, canonical) => {
  expect(resolveSampler(name)).toEqual(resolveSampler(canonical));
});

test.each([
  ['DDIM Karras', 'ddim', 'karras'],
  ['DPM++ 2M SDE Turbo', 'dpmpp_2m_sde', 'turbo'],
])('leaves the schedule of %s out', (name, sampler, droppedSchedule) => {
  expect(resolveSampler(name)).toEqual({ ...resolveSampler(sampler), droppedSchedule });
});

test('"Automatic" is not a schedule', () => {
  expect(resolveSampler('Euler Automatic')).toEqual(resolveSampler('euler'));
});

test('resolves every name that it offers', () => {
  for (const name of samplerNames()) expect(name).toContain(resolveSampler(name).row.name);
});

test.each(['dpmpp_2n', 'constructor_karras', 'constructor', ''])(
  'refuses %j and names three that are known',
  (name) => {
    let error: unknown;
    try {
      resolveSampler(name);
    } catch (thrown) {
      error = thrown;
    }
    expect(EaselError.isInstance(error) && error.code).toBe('ERR_REQUEST_INVALID');
    const [, closest = ''] = /the closest are (.*)$/.exec(String(error)) ?? [];
    const names = closest.split(', ');
    expect(names).toHaveLength(3);
    expect(samplerNames()).toEqual(expect.arrayContaining(names));
  },
);

test.each(['DPM fast', 'DPM adaptive', 'dpm_fast', 'k_dpm_adaptive_karras'])(
  'refuses %s with a reason',
  (name) => {
    expect(() => resolveSampler(name)).toThrow(/not built.*choose their own steps/);
  },
);

test('names the nearest sampler first', () => {
  expect(() => resolveSampler('dpmpp_2n')).toThrow(/closest are dpmpp_2[ms], \w+, \w+$/);
});

test.each([
  ['dpmpp_2m_karras', { sampler: 'DPM++ 2M', schedule: 'Karras' }],
  ['euler_ancestral', { sampler: 'Euler a' }],
  ['pndm', { sampler: 'PLMS' }],
  ['deis_karras', { sampler: 'DEIS', schedule: 'Karras' }],
  ['dpmpp_3m', undefined],
  ['dpm_1s_sde', undefined],
])('%s has the label %o', (name, label) => {
  expect(labelSampler(name)).toEqual(label);
});

test('every label names its own sampler', () => {
  for (const name of samplerNames()) {
    const label = labelSampler(name);
    if (!label) continue;
    expect(resolveSampler([label.sampler, label.schedule ?? ''].join(' '))).toEqual(resolveSampler(name));
  }
});

test('no name is given twice', () => {
  const names = samplers.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
  expect(names).toHaveLength(new Set(names).size);
});
