import { EaselError } from './errors.js';
import { type AddressLookup, findHost, type Host } from './image-host.js';
import { pinnedFetch } from './pinned-fetch.js';

/** One request, without following redirects. Rejects where there is no answer. */
export type AddressFetch = (url: URL, options: { host: Host; signal: AbortSignal }) => Promise<Response>;

export interface FetchAddressOptions {
  readonly signal: AbortSignal;
  /**
   * Whether http, and addresses of this machine and of private networks, are allowed: for tests and gateways
   * of one's own. Absent: no.
   */
  readonly allowPrivateAddresses?: boolean | undefined;
  /** Told of each host before it is asked. Absent: nobody is told. */
  readonly onHost?: ((host: string) => void) | undefined;
  /**
   * Makes the requests. Absent: Node's own client, connected to the very address that was looked up and found
   * to be allowed.
   */
  readonly fetch?: AddressFetch | undefined;
  /** Finds the addresses of a name. Absent: the system's resolver. */
  readonly lookup?: AddressLookup | undefined;
}

const mostRedirects = 3;
const redirecting: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * GET of an address that somebody else has named, such as a provider in its answer. Only https; no
 * credentials are sent; each of at most three redirects is checked like the address itself; nothing that is
 * not public is connected to. The answer comes as soon as its headers do, whatever its status; read its body
 * within a bound ({@link readBody}).
 *
 * @throws EaselError ERR_PROVIDER_BAD_RESPONSE for an address that is not allowed, ERR_PROVIDER_UNAVAILABLE
 * for a name that is not found; what the connection fails with
 */
export async function fetchAddress(
  address: string | URL,
  { signal, onHost = () => {}, fetch = pinnedFetch, ...options }: FetchAddressOptions,
): Promise<Response> {
  let url = parseUrl(address);
  for (let redirects = 0; ; redirects++) {
    onHost(url.host);
    const host = await findHost(url, options, signal);
    const response = await fetch(url, { host, signal });
    const location = redirecting.has(response.status) ? response.headers.get('location') : null;
    if (location === null) return response;
    await response.body?.cancel();
    if (redirects === mostRedirects) throw refuse(`it is redirected more than ${mostRedirects} times`);
    url = parseUrl(location, url);
  }
}

function parseUrl(address: string | URL, base?: URL): URL {
  try {
    return new URL(address, base);
  } catch {
    throw refuse('that is not a URL');
  }
}

const refuse = (message: string) => new EaselError({ code: 'ERR_PROVIDER_BAD_RESPONSE', message });
