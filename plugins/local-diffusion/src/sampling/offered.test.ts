import { readFile } from 'node:fs/promises';
import { manifestSchema } from '@easel/plugin-sdk';
import { expect, test } from 'vitest';
import { chooseSampler } from './choose.js';
import { labelSampler } from './names.js';
import { samplers } from './samplers/index.js';

const { handles } = manifestSchema.parse(
  JSON.parse(await readFile(new URL('../../plugin.json', import.meta.url), 'utf8')),
);

/** The class that models of a pipeline type are published with. */
const schedulerOf: Readonly<Record<string, string>> = {
  sd: 'PNDMScheduler',
  sdxl: 'EulerDiscreteScheduler',
  sd3: 'FlowMatchEulerDiscreteScheduler',
  flux: 'FlowMatchEulerDiscreteScheduler',
  chroma: 'FlowMatchEulerDiscreteScheduler',
  'z-image': 'FlowMatchEulerDiscreteScheduler',
  flux2: 'FlowMatchEulerDiscreteScheduler',
  'qwen-image': 'FlowMatchEulerDiscreteScheduler',
};
/** Stable Diffusion 1 and XL have sigmas that were found to be best. */
const aligned = { alignedSigmas: [14.6, 0.03] };
const choose = (type: string, name: string) =>
  chooseSampler({ _class_name: schedulerOf[type] }, name, /^sd(xl)?$/.test(type) ? aligned : {});

test.each(handles)(
  'each sampler that is listed for $type models runs them, and none is missing',
  ({ type, samplers: listed }) => {
    for (const name of listed) expect(labelSampler(choose(type, name).name)).toEqual({ sampler: name });
    const isFlow = schedulerOf[type]?.startsWith('FlowMatch');
    const able = samplers.filter(
      ({ label, scheduler, flowScheduler }) => label && (isFlow ? flowScheduler : scheduler),
    );
    expect([...listed].sort()).toEqual(able.map(({ label }) => label).sort());
  },
);

test.each(handles)(
  'each schedule that is listed for $type models goes with a sampler',
  ({ type, samplers: listed, schedules }) => {
    expect(schedules).not.toEqual([]);
    for (const schedule of schedules) {
      const labels = listed.map((sampler) => labelSampler(choose(type, `${sampler} ${schedule}`).name));
      expect(labels.map((label) => label?.schedule)).toContain(schedule);
    }
  },
);
