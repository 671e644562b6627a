import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

const validMs = 24 * 3_600_000;
const signedQuerySchema = z.object({ expires: z.string(), signature: z.string() });

const signatureOf = (path: string, expires: string, secret: string): Buffer =>
  createHmac('sha256', secret).update(`${path} ${expires}`).digest();

/**
 * A path with a query by which it opens without a key for a day. Without a secret there are no keys, and it
 * stays as it is.
 */
export function signPath(path: string, secret: string | undefined, now = Date.now()): string {
  if (secret === undefined) return path;
  const expires = `${now + validMs}`;
  const signature = signatureOf(path, expires, secret).toString('base64url');
  return `${path}?${new URLSearchParams({ expires, signature })}`;
}

/**
 * Whether a path has been signed by {@link signPath}, and the signature has not expired.
 *
 * @param path as it is signed: the path of the route that answers, with its parameters filled in
 */
export function isSignatureValid(
  path: string,
  query: unknown,
  secret: string | undefined,
  now = Date.now(),
): boolean {
  const parsed = signedQuerySchema.safeParse(query);
  if (secret === undefined || !parsed.success || !(Number(parsed.data.expires) > now)) return false;
  const { expires, signature } = parsed.data;
  const [given, right] = [Buffer.from(signature, 'base64url'), signatureOf(path, expires, secret)];
  return given.byteLength === right.byteLength && timingSafeEqual(given, right);
}
