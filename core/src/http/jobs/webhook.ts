import { EaselError, linkSignals } from '@easel/plugin-sdk';
import type { FastifyReply } from 'fastify';
import { findWebhook } from '../../jobs/post-webhook.js';
import { abortOnDisconnect } from '../disconnect.js';
import { HttpError } from '../errors.js';

/** Milliseconds that finding its address may take; one that is not found in time may be found later. */
const findMs = 3_000;

/**
 * Throws status 400 for a webhook that would be refused once the job has ended: its caller is told while it
 * listens.
 */
export async function assertWebhookAllowed(
  address: string,
  { privateAddresses }: { readonly privateAddresses: boolean },
  reply: FastifyReply,
): Promise<void> {
  const { signal, unlink } = linkSignals([abortOnDisconnect(reply)], findMs);
  try {
    await findWebhook(address, { privateAddresses }, signal);
  } catch (error) {
    if (!EaselError.isInstance(error) || error.code !== 'ERR_PROVIDER_BAD_RESPONSE') return;
    throw new HttpError(
      400,
      'webhook_refused',
      'webhook: its host is not a public one that speaks https. Name another one, or set server.privateAddresses where it is one of your own.',
      { param: 'webhook' },
    );
  } finally {
    unlink();
  }
}
