/** The schedules that names of samplers in requests can end in, as AUTOMATIC1111's `parameters` text writes them. */
const schedules: readonly string[] = ['Karras', 'Exponential', 'Beta'];
/** What that text writes where no schedule was chosen. */
const unchosenSchedule = 'Automatic';

/** "DPM++ 2M" and "Karras" as one name that requests take; `undefined` for a schedule that has no such name. */
export function unlabelSampler(sampler: string, schedule: string | undefined): string | undefined {
  if (schedule === undefined || schedule === unchosenSchedule) return sampler;
  return schedules.includes(schedule) ? `${sampler} ${schedule}` : undefined;
}
