/**
 * What pages in a browser may ask for. A page may send requests to any server that its reader reaches, and by
 * a name of its own that leads to this machine (DNS rebinding) read the answers, too. A key keeps it out;
 * without keys, and where the browser itself adds the password that its reader once typed, Host, Origin and
 * Sec-Fetch-Site tell where a request comes from.
 *
 * @module
 */
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import type { ServerConfiguration } from '../../config/server-configuration.js';
import { HttpError } from '../errors.js';
import { isLoopbackHost } from './loopback.js';

type Settings = Pick<ServerConfiguration, 'host' | 'hosts' | 'publicUrl' | 'corsOrigins' | 'openWithoutKeys'>;

/** Name or address of a Host header, without port and brackets. Undefined: it has none. */
function hostNameOf(host: string | undefined): string | undefined {
  if (!host || !URL.canParse(`http://${host}`)) return undefined;
  return new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, '');
}

/**
 * Throws status 403 where a server without keys is asked by a name that is not its own. Addresses are
 * nobody's names: where the server is open beyond this machine, it may be asked by them.
 */
export function assertOwnHost({ headers }: FastifyRequest, settings: Settings): void {
  const { host } = headers;
  // Only HTTP/1.0 has requests without it, which browsers do not speak.
  if (host === undefined) return;
  const name = hostNameOf(host);
  const { publicUrl, hosts, openWithoutKeys } = settings;
  const own = [settings.host, ...hosts, ...(publicUrl ? [new URL(publicUrl).hostname] : [])];
  const isOwn =
    name !== undefined &&
    (isLoopbackHost(name) ||
      own.some((one) => hostNameOf(one) === name) ||
      (openWithoutKeys && isIP(name) !== 0));
  if (isOwn) return;
  throw new HttpError(
    403,
    'host_not_allowed',
    `A server without API keys is not asked by the name "${host.slice(0, 100)}". Name it under server.hosts or server.publicUrl in easel.config.json, or make a key with "easel keys create".`,
  );
}

/**
 * Throws status 403 where a page of another origin asks, unless the configuration lets it. `*` stands for all
 * pages that use the server: who may manage it is named.
 */
export function assertOwnPage(
  { headers, routeOptions }: FastifyRequest,
  { publicUrl, corsOrigins }: Settings,
): void {
  const { origin, host } = headers;
  if (corsOrigins.includes('*') && routeOptions.config.access?.scope !== 'admin') return;
  const site = headers['sec-fetch-site'];
  // Browsers leave Origin out of GET, and say where it comes from all the same.
  if (origin === undefined && site !== 'cross-site') return;
  // A form of a page of this server itself, which asks for no referrer.
  if (origin === 'null' && site === 'same-origin') return;
  if (origin !== undefined) {
    if (corsOrigins.includes(origin) || (publicUrl && new URL(publicUrl).origin === origin)) return;
    if (URL.canParse(origin) && new URL(origin).host === hostOf(host, new URL(origin).protocol)) return;
  }
  const who = origin === undefined ? 'of other sites' : `of "${origin.slice(0, 100)}"`;
  throw new HttpError(
    403,
    'origin_not_allowed',
    `Pages ${who} may not ask this server for this. Name their origin under server.corsOrigins in easel.config.json.`,
  );
}

/** As URLs have it: lower case, without the port that is the protocol's own. */
function hostOf(host: string | undefined, protocol: string): string | undefined {
  const url = `${protocol}//${host}`;
  return host !== undefined && URL.canParse(url) ? new URL(url).host : undefined;
}
