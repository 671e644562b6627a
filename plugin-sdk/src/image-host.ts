import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { EaselError } from './errors.js';
import { isPublicAddress } from './public-address.js';
import { untilAborted } from './until-aborted.js';

/** Where to connect to. */
export interface Host {
  /** An IP address. */
  readonly address: string;
  readonly family: 4 | 6;
}

/** All addresses of a name. Rejects where there is none. */
export type AddressLookup = (hostname: string) => Promise<readonly { address: string; family: number }[]>;

export interface HostOptions {
  readonly allowPrivateAddresses?: boolean | undefined;
  readonly lookup?: AddressLookup | undefined;
}

/**
 * Looks up where a URL leads to, once: whoever connects to the address that comes back cannot be sent
 * elsewhere by a name that has another one a moment later (DNS rebinding). A name with a private address
 * among its addresses is not allowed.
 *
 * @throws EaselError ERR_PROVIDER_BAD_RESPONSE for a URL that is not allowed, ERR_PROVIDER_UNAVAILABLE for a
 * name that is not found
 */
export async function findHost(url: URL, options: HostOptions, signal: AbortSignal): Promise<Host> {
  const { allowPrivateAddresses = false } = options;
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && allowPrivateAddresses))
    throw refuse(`${url.protocol}// is not allowed`);
  if (url.username !== '' || url.password !== '') throw refuse('it has credentials in it');
  // A URL has its IPv6 addresses in brackets; other ways to write IPv4 ("0x7f.1") it has already made plain.
  const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const found = isIP(hostname)
    ? [{ address: hostname, family: isIP(hostname) }]
    : // The system's resolver cannot be ended; what it finds later nobody asks about.
      await untilAborted(findAddresses(hostname, options.lookup), signal);
  if (!allowPrivateAddresses && !found.every(({ address }) => isPublicAddress(address)))
    throw refuse('its address is not of the open internet');
  const [first] = found;
  if (!first) throw new EaselError({ code: 'ERR_PROVIDER_UNAVAILABLE', message: 'its name has no address' });
  return { address: first.address, family: first.family === 6 ? 6 : 4 };
}

async function findAddresses(hostname: string, lookup: AddressLookup = lookupAll) {
  try {
    return await lookup(hostname);
  } catch (error) {
    const { code = 'failed' } = error as { code?: unknown };
    throw new EaselError({
      code: 'ERR_PROVIDER_UNAVAILABLE',
      message: `its name is not found (${String(code)})`,
    });
  }
}

const lookupAll: AddressLookup = (hostname) => systemLookup(hostname, { all: true });

const refuse = (message: string) => new EaselError({ code: 'ERR_PROVIDER_BAD_RESPONSE', message });
