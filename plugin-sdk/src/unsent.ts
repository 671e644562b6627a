/** Code of a connection that was given up before it was there. */
export const connectTimeout = 'ERR_CONNECT_TIMEOUT';

/**
 * Codes of faults before a request has left; whatever else breaks may break when it has been taken, and paid.
 */
const codes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  connectTimeout,
  // Of `fetch`.
  'UND_ERR_CONNECT_TIMEOUT',
]);

/**
 * Whether a network's fault, by its code, leaves no doubt that nothing was sent: then sending again cannot
 * pay twice.
 */
export const isUnsent = (code: string | undefined): boolean => code !== undefined && codes.has(code);

/** The innermost reason of what a request rejects with. */
export function reasonOf(error: unknown): { readonly code: string; readonly message: string } {
  let inner = error as { cause?: unknown; errors?: unknown[]; code?: unknown; message?: unknown };
  while (inner.cause ?? inner.errors?.[0]) inner = (inner.cause ?? inner.errors?.[0]) as typeof inner;
  return { code: String(inner.code), message: String(inner.message) };
}
