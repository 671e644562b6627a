/**
 * Milliseconds that a Retry-After asks to wait, RFC 9110 section 10.2.3: seconds or a date. Undefined: none,
 * or none that can be read.
 * @param now milliseconds since 1970
 */
export function readRetryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d+(\.\d+)?$/.test(header.trim())) return Math.ceil(Number(header) * 1000);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
