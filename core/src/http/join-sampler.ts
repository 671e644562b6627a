import { splitSamplerName } from '@easel/plugin-sdk';

/** What a request has in two fields. */
export interface SamplerAndSchedule {
  /** Absent: the model's own. */
  readonly sampler: string | undefined;
  readonly schedule: string;
}

/**
 * A sampler and a schedule as one name. A schedule that nobody knows is left out, and so is one beside a
 * sampler whose name ends in another: Automatic1111 does the same. A schedule alone goes with the model's own
 * sampler.
 *
 * @param ofModel the model's own sampler
 * @returns with the reason why the schedule is left out, where it is
 */
export function joinSampler(
  { sampler, schedule }: SamplerAndSchedule,
  ofModel: string | undefined,
): { readonly name: string | undefined; readonly leftOut?: string } {
  const asked = splitSamplerName(schedule);
  if (asked.sampler !== '' || asked.schedule === undefined)
    return { name: sampler, leftOut: `no schedule is called "${schedule.slice(0, 100)}"` };
  const own = sampler === undefined ? undefined : splitSamplerName(sampler).schedule;
  if (own === asked.schedule) return { name: sampler };
  if (own !== undefined) return { name: sampler, leftOut: `the sampler "${sampler}" has one in its name` };
  const stem = sampler ?? withoutSchedule(ofModel ?? '');
  return { name: `${stem} ${schedule}`.trim() };
}

function withoutSchedule(name: string): string {
  const { sampler, schedule } = splitSamplerName(name);
  return schedule === undefined ? name : sampler;
}
