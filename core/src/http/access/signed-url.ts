import { createHmac, timingSafeEqual } from 'node:crypto';

const validMs = 24 * 3_600_000;
/** Any base will do: only path and query are looked at. */
const anyBase = 'http://localhost';

const signatureOf = (path: string, expires: string, secret: string): Buffer =>
  createHmac('sha256', secret).update(`${path} ${expires}`).digest();

/** A URL that opens without a key for a day. Without a secret there are no keys, and it stays as it is. */
export function signUrl(url: string, secret: string | undefined, now = Date.now()): string {
  if (secret === undefined) return url;
  const signed = new URL(url);
  const expires = `${now + validMs}`;
  signed.searchParams.set('expires', expires);
  signed.searchParams.set('signature', signatureOf(signed.pathname, expires, secret).toString('base64url'));
  return signed.href;
}

/** Whether a path with its query has been signed by {@link signUrl} and has not expired. */
export function isSignatureValid(
  pathAndQuery: string,
  secret: string | undefined,
  now = Date.now(),
): boolean {
  if (secret === undefined) return false;
  const { pathname, searchParams } = new URL(pathAndQuery, anyBase);
  const [expires, signature] = [searchParams.get('expires'), searchParams.get('signature')];
  if (expires === null || signature === null || !(Number(expires) > now)) return false;
  const [given, right] = [Buffer.from(signature, 'base64url'), signatureOf(pathname, expires, secret)];
  return given.byteLength === right.byteLength && timingSafeEqual(given, right);
}
