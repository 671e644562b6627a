import { z } from 'zod';
import { chooseSampler } from '../../../plugins/local-diffusion/src/sampling/choose.js';
import { buildSchedule } from '../../../plugins/local-diffusion/src/sampling/schedules/build-schedule.js';
import { decodeNumber } from '../arrays.js';
import type { CaseOutcome } from '../case.js';
import { type Model, modelSchema, schedulerConfigOf } from './sampler-models.js';

/** The programs' smallest sigmas differ from one another by so much; another schedule's by 1e-3 or more. */
const tolerance = 2e-5;

/** NVIDIA's tables for "Align Your Steps". */
const alignedSigmas = {
  sd: [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029],
  sdxl: [14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.38, 0.234, 0.113, 0.029],
};

export const scheduleCaseSchema = z.object({
  model: z.union([z.string(), modelSchema]).optional(),
  kind: z.string().optional(),
  params: z.looseObject({ linear_end: z.number().optional() }).default({}),
  shift: z.number().optional(),
  sampler: z.string().optional(),
  scheduler: z.string().optional(),
  chosen_schedule: z.string().optional(),
  discard_next_to_last: z.boolean().default(false),
  denoise: z.number().nullish(),
  sdxl: z.boolean().default(false),
  options: z.record(z.string(), z.unknown()).optional(),
  steps: z.number(),
  sigmas: z.array(z.union([z.number(), z.string()])).default([]),
});
type ScheduleCase = z.output<typeof scheduleCaseSchema>;
type Program = 'comfyui' | 'a1111';

/** A schedule of a program against the one of the same name here. */
export function compareSchedule(program: Program, entry: ScheduleCase): CaseOutcome {
  const model = modelOf(entry);
  const name = nameHere(program, normalise(entry.chosen_schedule ?? entry.scheduler ?? ''));
  const difference = knownDifference(program, { ...entry, name, model });
  if (difference) return { status: 'not-built', detail: difference };
  const chosen = chooseSampler(
    schedulerConfigOf(model, entry.params.linear_end),
    name === 'automatic' || name === 'uniform' ? 'euler' : `euler_${name}`,
    { alignedSigmas: alignedSigmas.sd },
  );
  if (chosen.warnings.length > 0) return { status: 'not-built', detail: chosen.warnings.join(' ') };
  const { levels } = buildSchedule(chosen, chosen.scheduler.parameterize(chosen.config), {
    steps: entry.steps,
    alignedSigmas: entry.sdxl ? alignedSigmas.sdxl : alignedSigmas.sd,
  });
  const expected = entry.sigmas.map(decodeNumber);
  const errors = expected.map(
    (sigma, i) => Math.abs((levels[i]?.sigma ?? Number.NaN) - sigma) / Math.max(Math.abs(sigma), 1e-3),
  );
  const worst = levels.length === expected.length ? Math.max(...errors) : Number.POSITIVE_INFINITY;
  return { status: worst <= tolerance ? 'passed' : 'failed', detail: `max error ${worst.toPrecision(2)}` };
}

const normalise = (name: string) => name.toLowerCase().replaceAll(' ', '_');

/** What a program's schedule is called here. */
function nameHere(program: Program, name: string): string {
  if (program === 'comfyui' && name === 'beta') return 'beta_timesteps';
  return name === 'ddim' ? 'ddim_uniform' : name;
}

function modelOf({ model, kind, params, shift }: ScheduleCase): Model {
  if (kind !== undefined) return modelSchema.parse({ kind, shift, ...params });
  return modelSchema.catch({ kind: 'eps', zsnr: false }).parse(model);
}

/** Why a schedule is not to be equal, in words. */
function knownDifference(
  program: Program,
  entry: ScheduleCase & { readonly name: string; readonly model: Model },
): string | undefined {
  const { name, model } = entry;
  if (entry.scheduler === undefined) return 'a schedule that no name chooses here';
  if (entry.options) return 'settings of the program';
  if (entry.discard_next_to_last || (entry.denoise ?? 1) !== 1) return 'a sigma more that is left out again';
  if (program === 'comfyui' && entry.sampler) return 'a step more, for the sampler';
  if (
    entry.steps === 1 &&
    /^(automatic|uniform|karras|exponential|polyexponential|beta|align_your_steps)$/.test(name)
  ) {
    return 'which sigma a single step starts from';
  }
  if (entry.sampler === 'LCM' || entry.sampler === 'DDIM') return "a sampler's own timesteps";
  if (entry.sigmas.includes('NaN')) return 'not a number in the program';
  if (program === 'a1111' && name === 'kl_optimal') return "ComfyUI's schedule has this name";
  if (model.zsnr) return "diffusers' largest sigma, 4096, in place of the program's";
  return undefined;
}
