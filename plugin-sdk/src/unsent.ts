/**
 * Codes of faults before a request has left; whatever else breaks may break when it has been taken, and paid.
 */
const codes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/**
 * Whether a network's fault, by its code, leaves no doubt that nothing was sent: then sending again cannot
 * pay twice.
 */
export const isUnsent = (code: string | undefined): boolean => code !== undefined && codes.has(code);
