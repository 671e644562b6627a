/**
 * Milliseconds for which a provider asks to be left alone, as its answer says: `Retry-After` in seconds or as
 * a date (RFC 9110, section 10.2.3), or `retry-after-ms`. Undefined: it does not say.
 *
 * @param now milliseconds since 1970. Absent: the machine's clock
 */
export function readRetryAfterMs(
  headers: Pick<Headers, 'get'> | undefined,
  now = Date.now(),
): number | undefined {
  const exact = headers?.get('retry-after-ms');
  if (exact && Number(exact) >= 0) return Number(exact);
  const header = headers?.get('retry-after') ?? '';
  if (/^\d+(\.\d+)?$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
