import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { Webhook } from '@easel/plugin-sdk';
import { isRecent, Service, unusable, WebhookKeys } from '@easel/plugin-sdk/provider';
import { z } from 'zod';

const keysSchema = z.object({
  keys: z.array(z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() })).min(1),
});

/** The keys that fal tells its webhooks are signed with, as a JSON Web Key Set. */
export function signingKeys(url: string, timeoutMs: number): WebhookKeys<readonly KeyObject[]> {
  const service = new Service({ name: 'fal', baseUrl: url, headers: {}, timeoutMs, failures: [] });
  return new WebhookKeys(async () => {
    const { json } = await service.ask({ url, signal: new AbortController().signal });
    const { success, data } = keysSchema.safeParse(json);
    if (!success) throw unusable('fal', 'it has no keys of webhooks', false);
    return data.keys.map((key) => createPublicKey({ key, format: 'jwk' }));
  });
}

/**
 * Whether a webhook is signed by one of the keys: over the ids of request and user, the time, and the hash of
 * the body, a line each.
 *
 * @see https://docs.fal.ai/model-endpoints/webhooks
 */
export function isSignedByFal(
  { headers, body }: Webhook,
  keys: readonly KeyObject[],
  now = Date.now(),
): boolean {
  const [request, user, timestamp, signature] = ['request-id', 'user-id', 'timestamp', 'signature'].map(
    (name) => headers[`x-fal-webhook-${name}`],
  );
  if (signature === undefined || !isRecent(timestamp, now)) return false;
  const digest = createHash('sha256').update(body).digest('hex');
  const message = Buffer.from([request, user, timestamp, digest].join('\n'));
  return keys.some((key) => verify(null, message, key, Buffer.from(signature, 'hex')));
}
