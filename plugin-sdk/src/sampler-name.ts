/**
 * One spelling for the names that tools give to samplers: small letters, digits and underscores, as in k-diffusion. "DPM++ 2M Karras",
 * "k_dpmpp-2m_karras" and "DPMPP2M Karras" all become `dpmpp_2m_karras`.
 */
export function normaliseSamplerName(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replaceAll('+', 'p')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .replace(/^k_/, '')
    .replace(/^sde_dpmpp_2m/, 'dpmpp_2m_sde')
    .replace(/^dpmpp(?=\d)/, 'dpmpp_');
}
