import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ReferenceCase, ReferenceKind } from '../case.js';
import { compareSampler, samplerCaseSchema } from './sampler-run.js';
import { compareSchedule, scheduleCaseSchema } from './schedule-run.js';

const file = <Case extends z.ZodType>(cases: Case) => z.object({ cases: z.array(cases) });
const anything = z.record(z.string(), z.unknown());

/** AUTOMATIC1111 says of a model only what it predicts; its schedules are all of Stable Diffusion's. */
const ofAutomatic1111 = anything.transform(({ parameterization = 'eps', ...rest }) => ({
  ...rest,
  model: { kind: parameterization },
}));

/**
 * Samplers and schedules of ComfyUI and AUTOMATIC1111: `comfyui_samplers.json`, `a1111_schedules.json` and
 * their like.
 */
export const samplers: ReferenceKind = {
  folder: 'j_samplers',
  async cases(folder) {
    const read = async (name: string) => JSON.parse(await readFile(join(folder, name), 'utf8')) as unknown;
    const cases: ReferenceCase[] = [];
    for (const program of ['comfyui', 'a1111'] as const) {
      const known: z.ZodType<Record<string, unknown>> = program === 'a1111' ? ofAutomatic1111 : anything;
      const schedules = file(known.pipe(scheduleCaseSchema)).parse(await read(`${program}_schedules.json`));
      for (const [index, entry] of schedules.cases.entries()) {
        const model = typeof entry.model === 'string' ? entry.model : '';
        const id = `${program}/${index}/${model}/${entry.scheduler ?? ''}/${entry.steps}`;
        cases.push({ id, run: async () => compareSchedule(program, entry) });
      }
      const runs = file(known.pipe(samplerCaseSchema)).parse(await read(`${program}_samplers.json`));
      for (const entry of runs.cases) {
        cases.push({ id: `${program}/${entry.id}`, run: () => compareSampler(program, entry) });
      }
    }
    return cases;
  },
};
