import {
  type AddressLookup,
  EaselError,
  findHost,
  type Host,
  linkSignals,
  pinnedFetch,
} from '@easel/plugin-sdk';

/** Milliseconds within which it must have answered, finding its address included. */
const answerMs = 10_000;

export interface WebhookPost {
  /** JSON. */
  readonly body: string;
  /** Value of `easel-signature`. Undefined: it is not signed. */
  readonly signature: string | undefined;
  /** Whether http, and hosts that are not public, may be told. */
  readonly privateAddresses: boolean;
  readonly signal: AbortSignal;
  /** Finds the addresses of a name. Absent: the system's resolver. */
  readonly lookup?: AddressLookup | undefined;
}

/**
 * POST to a webhook. Its name is looked up once, and the address that was found and checked is the one that
 * is connected to: a name that has another address a moment later (DNS rebinding) leads nowhere else.
 * Redirects are not followed. Rejects unless the answer is 2xx; messages do not repeat the URL, which may
 * have a password in it.
 */
export async function postWebhook(
  address: string,
  { body, signature, privateAddresses, signal, lookup }: WebhookPost,
): Promise<void> {
  const { url, authorization } = withoutCredentials(address);
  const { signal: stop, unlink } = linkSignals([signal], answerMs);
  try {
    const host = await findWebhook(address, { privateAddresses, lookup }, stop).catch((error: unknown) => {
      const isRefused = EaselError.isInstance(error) && error.code === 'ERR_PROVIDER_BAD_RESPONSE';
      throw isRefused ? new Error('its host is not a public one that speaks https') : error;
    });
    const headers = {
      'content-type': 'application/json',
      ...(authorization === undefined ? {} : { authorization }),
      ...(signature === undefined ? {} : { 'easel-signature': signature }),
    };
    const response = await pinnedFetch(url, { host, signal: stop, method: 'POST', headers, body });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`it answered ${response.status}`);
  } catch (error) {
    throw stop.aborted && !signal.aborted ? new Error(`it took longer than ${answerMs} ms`) : error;
  } finally {
    unlink();
  }
}

/**
 * Where a webhook leads to.
 *
 * @throws EaselError ERR_PROVIDER_BAD_RESPONSE for a host that may not be told, ERR_PROVIDER_UNAVAILABLE for
 * one that is not found
 */
export async function findWebhook(
  address: string,
  { privateAddresses, lookup }: Pick<WebhookPost, 'privateAddresses' | 'lookup'>,
  signal: AbortSignal,
): Promise<Host> {
  const options = { allowPrivateAddresses: privateAddresses, lookup };
  return await findHost(withoutCredentials(address).url, options, signal);
}

function withoutCredentials(address: string): { url: URL; authorization: string | undefined } {
  const url = new URL(address);
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  const encoded = Buffer.from(credentials).toString('base64');
  return { url, authorization: credentials === ':' ? undefined : `Basic ${encoded}` };
}
