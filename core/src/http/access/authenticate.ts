import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ServerConfiguration } from '../../config/server-configuration.js';
import type { ApiKey } from '../../keys/key-file.js';
import type { KeyStore } from '../../keys/key-store.js';
import type { HostLogger } from '../../observe/plugin-logger.js';
import { HttpError } from '../errors.js';
import { comesFromHere } from '../server-paths.js';
import type { RouteAccess, RouteScope } from './route-scope.js';
import { assertToken, findSession } from './session.js';
import { isSignatureValid } from './signed-url.js';
import { assertOwnHost, assertOwnPage } from './web-pages.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whoever asks. Absent: there are no keys, and everybody may. */
    apiKey?: ApiKey;
  }
}

/** Whoever has no key learns of no path whether it exists, and whoever has one is told. */
const unknownPath: RouteAccess = { scope: 'any' };

export interface Guard {
  readonly keys: KeyStore;
  readonly configuration: ServerConfiguration;
  readonly logger: HostLogger;
}

/**
 * Lets in whoever shows a key with the scope that the route asks for; while there are no keys, everybody but
 * pages of other sites.
 */
export function authenticate(server: FastifyInstance, { keys, configuration, logger }: Guard): void {
  /** Throws status 503 where the keys cannot be read; callers are not told where they lie. */
  const areRequired = () => {
    try {
      return keys.areRequired;
    } catch (error) {
      logger.error(error instanceof Error ? error.message : String(error));
      throw new HttpError(
        503,
        'keys_unavailable',
        'This server asks for an API key, and cannot read those that it knows; its log says why.',
      );
    }
  };
  server.addHook('onRequest', async (request, reply) => {
    const access = request.is404 ? unknownPath : request.routeOptions.config.access;
    if (!access) throw new HttpError(403, 'scope_missing', 'This route is open to nobody.');
    if (access.scope === 'public') return;
    // Pages may show images of this server: their names are the hashes of their bytes, which no other page
    // can guess.
    const isImage = access.isSignable === true && isGet(request);
    if (!areRequired()) {
      request.isLocal = comesFromHere(request);
      // The names of a host app are its own.
      if (server.server.listening) assertOwnHost(request, configuration);
      if (!isImage) assertOwnPage(request, configuration);
      return;
    }
    if (isImage && isSigned(request, keys.signingSecret)) return;
    const { scheme, text } = shownKey(request);
    const found = text === '' ? findSession(request, keys) : undefined;
    if (found) {
      if (!isImage) assertOwnPage(request, configuration);
      assertToken(request, found.session, keys);
    }
    const key = found?.key ?? keys.find(text);
    if (!key) {
      reply.header('www-authenticate', challengesFor(request));
      throw new HttpError(
        401,
        'invalid_api_key',
        'This server asks for an API key, as "Authorization: Bearer easel_...".',
      );
    }
    // Browsers add a password that they know to whatever a page sends.
    if (scheme === 'basic' && !isImage) assertOwnPage(request, configuration);
    assertScope(key, access.scope);
    request.apiKey = key;
    if (keys.isCommandKey(key)) request.isLocal = comesFromHere(request);
  });
}

/** Throws status 403 where a key lacks a scope. Without keys, everybody may do everything. */
export function assertScope(key: ApiKey | undefined, scope: RouteScope): void {
  if (!key || scope === 'any' || scope === 'public') return;
  if (key.scopes.includes(scope) || key.scopes.includes('admin')) return;
  throw new HttpError(
    403,
    'scope_missing',
    `The key "${key.name}" may not do this: it lacks the scope "${scope}".`,
  );
}

/**
 * How to show a key. Scripts of pages are not told of the one that would make the browser ask its reader for
 * a password.
 */
function challengesFor({ headers }: FastifyRequest): string[] {
  const isScript = headers['sec-fetch-site'] !== undefined && headers['sec-fetch-mode'] !== 'navigate';
  return ['Bearer realm="Easel"', ...(isScript ? [] : ['Basic realm="Easel", charset="UTF-8"'])];
}

const isGet = ({ method }: FastifyRequest) => method === 'GET' || method === 'HEAD';

/**
 * Whether the URL is signed for just this: the path of the route, with the parameters that the router has
 * read.
 */
function isSigned({ params, query, routeOptions }: FastifyRequest, secret: string | undefined): boolean {
  const given = params as Readonly<Record<string, string>>;
  const path = routeOptions.url?.replace(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(given[name] ?? ''),
  );
  return path !== undefined && isSignatureValid(path, query, secret);
}

/** As OpenAI's clients show it, in a header of its own, or as the password of clients that know only that. */
function shownKey({ headers }: FastifyRequest): { scheme: string; text: string } {
  const { authorization = '', 'x-api-key': header = '' } = headers;
  const [, name, value = ''] = /^(Bearer|Basic) +(\S+)$/i.exec(authorization) ?? [];
  const scheme = name?.toLowerCase() ?? 'header';
  if (scheme === 'header') return { scheme, text: String(header) };
  if (scheme === 'bearer') return { scheme, text: value };
  const password = Buffer.from(value, 'base64')
    .toString('utf8')
    .replace(/^[^:]*:/, '');
  return { scheme, text: password };
}
