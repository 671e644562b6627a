/** Samplers as AUTOMATIC1111's `parameters` text calls them, by the names of k-diffusion; a name that is not here is written as it is. */
const labels: Readonly<Record<string, string>> = {
  euler: 'Euler',
  euler_ancestral: 'Euler a',
  lms: 'LMS',
  heun: 'Heun',
  dpm_2: 'DPM2',
  dpm_2_ancestral: 'DPM2 a',
  dpmpp_2s_ancestral: 'DPM++ 2S a',
  dpmpp_sde: 'DPM++ SDE',
  dpmpp_2m: 'DPM++ 2M',
  dpmpp_2m_sde: 'DPM++ 2M SDE',
  dpmpp_3m_sde: 'DPM++ 3M SDE',
  ddim: 'DDIM',
  pndm: 'PLMS',
  unipc: 'UniPC',
  lcm: 'LCM',
};
const scheduleLabels: Readonly<Record<string, string>> = {
  karras: 'Karras',
  exponential: 'Exponential',
  beta: 'Beta',
};
/** What that text writes where no schedule was chosen. */
const unchosenSchedule = 'Automatic';

export interface SamplerLabel {
  readonly sampler: string;
  /** Absent: the model's own. */
  readonly schedule?: string;
}

/** `dpmpp_2m_karras` as "DPM++ 2M" with the schedule "Karras". */
export function labelSampler(name: string): SamplerLabel {
  const [, stem = name, ending = ''] = /^(.+)_(karras|exponential|beta)$/.exec(name) ?? [];
  if (!Object.hasOwn(labels, stem)) return { sampler: name };
  const sampler = labels[stem] ?? stem;
  const schedule = scheduleLabels[ending];
  return schedule === undefined ? { sampler } : { sampler, schedule };
}

/** "DPM++ 2M" and "Karras" as one name that requests take; `undefined` for a schedule that has no such name. */
export function unlabelSampler(sampler: string, schedule: string | undefined): string | undefined {
  if (schedule === undefined || schedule === unchosenSchedule) return sampler;
  return Object.values(scheduleLabels).includes(schedule) ? `${sampler} ${schedule}` : undefined;
}
