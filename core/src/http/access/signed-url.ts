import { createHmac, timingSafeEqual } from 'node:crypto';

const validMs = 24 * 3_600_000;
/** Any base will do: only path and query are looked at. */
const anyBase = 'http://localhost';

const signatureOf = (path: string, expires: string, secret: string): Buffer =>
  createHmac('sha256', secret).update(`${path} ${expires}`).digest();

/** A path with a query by which it opens without a key for a day. Without a secret there are no keys, and it stays as it is. */
export function signPath(path: string, secret: string | undefined, now = Date.now()): string {
  if (secret === undefined) return path;
  const expires = `${now + validMs}`;
  const signature = signatureOf(path, expires, secret).toString('base64url');
  return `${path}?${new URLSearchParams({ expires, signature })}`;
}

/** Whether a path with its query has been signed by {@link signPath} and has not expired. */
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
