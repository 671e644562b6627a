/**
 * One spelling for the names that tools give to samplers: small letters, digits and underscores, as in
 * k-diffusion. "DPM++ 2M Karras", "k_dpmpp-2m_karras" `dpmpp_2m_k` and "DPMPP2M Karras" all become
 * `dpmpp_2m_karras`.
 */
export function normaliseSamplerName(name: string): string {
  return (
    name
      .trim()
      .toLowerCase()
      .replaceAll('+', 'p')
      .replace(/[^a-z0-9]+/g, '_')
      .replace(/^_+|_+$/g, '')
      .replace(/^k_/, '')
      // InvokeAI.
      .replace(/_k$/, '_karras')
      .replace(/^sde_dpmpp_2m/, 'dpmpp_2m_sde')
      .replace(/^dpmpp(?=\d)/, 'dpmpp_')
  );
}

/**
 * Schedules that tools let people choose beside a sampler, in the spelling of {@link normaliseSamplerName};
 * the longer before what they end in.
 */
const schedules = [
  'align_your_steps_gits',
  'align_your_steps_11',
  'align_your_steps_32',
  'align_your_steps',
  'beta_timesteps',
  'linear_quadratic',
  'polyexponential',
  'exponential',
  'sgm_uniform',
  'ddim_uniform',
  'kl_optimal',
  'automatic',
  'uniform',
  'karras',
  'simple',
  'normal',
  'turbo',
  'beta57',
  'beta',
] as const;

/**
 * A sampler's name and that of the schedule that it ends in, both in the spelling of
 * {@link normaliseSamplerName}: "DPM++ 2M SGM Uniform" is `dpmpp_2m` and `sgm_uniform`. An empty sampler is a
 * schedule alone; no schedule is none that people know, or "Automatic".
 */
export function splitSamplerName(name: string): { readonly sampler: string; readonly schedule?: string } {
  const normal = normaliseSamplerName(name);
  const schedule = schedules.find((each) => normal === each || normal.endsWith(`_${each}`));
  if (!schedule) return { sampler: normal };
  const sampler = normal.slice(0, -schedule.length).replace(/_$/, '');
  return schedule === 'automatic' ? { sampler } : { sampler, schedule };
}
