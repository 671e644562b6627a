import { describe, expect, it } from 'vitest';
import { droppedScheduleOf, labelOf, schedulerOf } from './schedulers.js';

describe('schedulerOf', () => {
  it.each([
    ['dpmpp_2m', 'DPM++ 2M'],
    ['DPM++ 2M Karras', 'DPM++ 2M Karras'],
    ['k_dpmpp_2m_sde_karras', 'DPM++ 2M SDE Karras'],
    ['dpmpp3m', 'DPM++ 3M'],
    ['euler', 'Euler'],
    ['Euler a', 'Euler a'],
    ['euler_ancestral', 'Euler a'],
    ['EulerAncestralDiscreteScheduler', 'EulerAncestralDiscreteScheduler'],
    ['euler_beta', 'Euler Beta'],
    ['plms', 'PNDMScheduler'],
    ['dpm_2_a', 'KDPM2AncestralDiscreteScheduler'],
    ['heun', 'Heun'],
    ['uni_pc', 'UniPC'],
    ['lcm', 'LCM'],
  ])('%s is %s', (name, scheduler) => expect(schedulerOf(name)).toBe(scheduler));

  it.each([
    ['DDIM Karras', 'DDIM', 'karras'],
    ['Euler SGM Uniform', 'Euler', 'sgm_uniform'],
    ['Karras', 'Default', 'karras'],
    ['Euler Karras', 'Euler Karras', undefined],
  ])('of %s it has %s, and not the schedule %s', (name, scheduler, dropped) => {
    expect(schedulerOf(name)).toBe(scheduler);
    expect(droppedScheduleOf(name)).toBe(dropped);
  });

  it('refuses a name that is none, and says which there are', () => {
    expect(() => schedulerOf('magic')).toThrow(/^sampler: .*"magic".*DPM\+\+ 2M Karras/);
    expect(() => schedulerOf('toString')).toThrow(/sampler/);
  });
});

describe('labelOf', () => {
  it.each([
    ['Euler a', { sampler: 'Euler a' }],
    ['DPM++ 2M SDE Karras', { sampler: 'DPM++ 2M SDE', schedule: 'Karras' }],
    ['PNDMScheduler', undefined],
    ['Default', undefined],
  ])('%s is labelled %o', (name, label) => expect(labelOf(name)).toEqual(label));
});
