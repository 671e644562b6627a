import { EaselError } from '@easel/plugin-sdk';
import { type Server, type ServerName, servers } from './servers/index.js';
import type { Config } from './settings.js';

/** A server, where it is and what it is sent with each request. */
export interface FoundServer extends Server {
  /** As models name it. */
  readonly id: string;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The server of that name: one of the configuration, or a known one.
 *
 * @throws EaselError ERR_REQUEST_INVALID for a name that is neither, ERR_CONFIG_INVALID where it has no
 * address, ERR_SECRET_MISSING, and ERR_PROVIDER_AUTH for a key that is none
 */
export function findServer(
  id: string,
  config: Pick<Config, 'servers'>,
  secrets: Readonly<Record<string, string>>,
): FoundServer {
  const own = Object.hasOwn(config.servers, id) ? config.servers[id] : undefined;
  const known: Server | undefined = servers[own?.like ?? (id as ServerName)];
  if (!known || (!own && !Object.hasOwn(servers, id)))
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      field: 'providerOptions.openai',
      message: `providerOptions.openai.server: there is no server "${id.slice(0, 64)}".`,
      hint: `Use one of ${[...new Set([...Object.keys(config.servers), ...Object.keys(servers)])].join(', ')}, or describe it under plugins.openai.options.servers.`,
    });
  const baseUrl = own?.baseUrl ?? known.baseUrl;
  if (baseUrl === undefined)
    throw new EaselError({
      code: 'ERR_CONFIG_INVALID',
      message: `The server "${id}" has no address.`,
      hint: `Set plugins.openai.options.servers.${id}.baseUrl, with the version of the API.`,
    });
  const secret = own?.secret ?? known.secret;
  const headers = secret === undefined ? {} : headersOf(known, secret, secrets[secret]);
  return { ...known, id, baseUrl: baseUrl.replace(/\/+$/, ''), query: own?.query ?? {}, headers };
}

/**
 * Keys are plain characters; what else is in one would show up in the error of whoever puts it into a header.
 */
function headersOf({ name, keyHeader }: Server, secret: string, value: string | undefined) {
  if (value === undefined)
    throw new EaselError({
      code: 'ERR_SECRET_MISSING',
      message: `${name} needs ${secret}, which is not set.`,
      hint: `Set ${secret} in the environment or in the secrets file.`,
    });
  const key = value.trim();
  if (!/^[\x21-\x7e]+$/.test(key))
    throw new EaselError({
      code: 'ERR_PROVIDER_AUTH',
      message: `${secret} is ${key === '' ? 'empty' : 'no key: it has spaces or characters beyond ASCII in it'}.`,
    });
  return keyHeader ? { [keyHeader]: key } : { authorization: `Bearer ${key}` };
}
