import { splitSamplerName } from '@easel/plugin-sdk';

/** What AUTOMATIC1111's `parameters` text writes where no schedule was chosen. */
const unchosenSchedule = 'Automatic';

/** "DPM++ 2M" and "Karras" as one name that requests take; `undefined` for a schedule that nobody knows. */
export function unlabelSampler(sampler: string, schedule: string | undefined): string | undefined {
  if (schedule === undefined || schedule === unchosenSchedule) return sampler;
  return splitSamplerName(schedule).schedule === undefined ? undefined : `${sampler} ${schedule}`;
}
