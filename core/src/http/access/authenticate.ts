import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ApiKey, KeyStore } from '../../keys/key-store.js';
import { HttpError } from '../errors.js';
import type { RouteAccess, RouteScope } from './route-scope.js';
import { isSignatureValid } from './signed-url.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whoever asks. Absent: there are no keys, and everybody may. */
    apiKey?: ApiKey;
  }
}

/** Whoever has no key learns of no path whether it exists, and whoever has one is told. */
const unknownPath: RouteAccess = { scope: 'any' };

/** Lets in whoever shows a key with the scope that the route asks for; while there are no keys, everybody. */
export function authenticate(server: FastifyInstance, keys: KeyStore): void {
  server.addHook('onRequest', async (request) => {
    const access = request.is404 ? unknownPath : request.routeOptions.config.access;
    if (!access) throw new HttpError(403, 'scope_missing', 'This route is open to nobody.');
    if (keys.keys.length === 0 || access.scope === 'public') return;
    if (access.isSignable && isSigned(request, keys.signingSecret)) return;
    const key = keys.find(shownKey(request) ?? '');
    if (!key)
      throw new HttpError(
        401,
        'invalid_api_key',
        'This server asks for an API key, as "Authorization: Bearer easel_...".',
      );
    assertScope(key, access.scope);
    request.apiKey = key;
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

/** Whether the URL is signed for just this: the path of the route, with the parameters that the router has read. */
function isSigned(
  { method, params, query, routeOptions }: FastifyRequest,
  secret: string | undefined,
): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  const given = params as Readonly<Record<string, string>>;
  const path = routeOptions.url?.replace(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(given[name] ?? ''),
  );
  return path !== undefined && isSignatureValid(path, query, secret);
}

/** As OpenAI's clients show it, in a header of its own, or as the password of clients that know only that. */
function shownKey({ headers }: FastifyRequest): string | undefined {
  const { authorization = '', 'x-api-key': header } = headers;
  const [, scheme, value = ''] = /^(Bearer|Basic) +(\S+)$/i.exec(authorization) ?? [];
  if (scheme?.toLowerCase() === 'basic')
    return Buffer.from(value, 'base64')
      .toString('utf8')
      .replace(/^[^:]*:/, '');
  return scheme ? value : String(header ?? '');
}
