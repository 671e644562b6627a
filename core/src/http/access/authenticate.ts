import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ApiKey, KeyStore, Scope } from '../../keys/key-store.js';
import { HttpError } from '../errors.js';
import { isSignatureValid } from './signed-url.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whoever asks. Absent: there are no keys, and everybody may. */
    apiKey?: ApiKey;
  }
}

/** What a route asks for, by the beginning of its path; the first that fits counts. */
const needed: readonly (readonly [string, Scope | undefined])[] = [
  ['/healthz', undefined],
  ['/readyz', undefined],
  ['/openapi.json', undefined],
  ['/docs', undefined],
  ['/api/admin', 'admin'],
  ['/metrics', 'read'],
  ['/api/images/models/current', 'admin'],
  ['/api/images/results', 'read'],
  ['/api/images/models', 'read'],
  ['/api/health', 'read'],
  ['/v1/models', 'read'],
];

/** Lets in whoever shows a key with the right scope; while there are no keys, everybody. */
export function authenticate(server: FastifyInstance, keys: KeyStore): void {
  server.addHook('onRequest', async (request) => {
    if (keys.keys.length === 0) return;
    const scope = scopeOf(request);
    if (scope === undefined || isSignatureValid(request.url, keys.signingSecret)) return;
    const key = keys.find(shownKey(request) ?? '');
    if (!key)
      throw new HttpError(
        401,
        'invalid_api_key',
        'This server asks for an API key, as "Authorization: Bearer easel_...".',
      );
    if (!key.scopes.includes(scope) && !key.scopes.includes('admin'))
      throw new HttpError(
        403,
        'scope_missing',
        `The key "${key.name}" may not do this: it lacks the scope "${scope}".`,
      );
    request.apiKey = key;
  });
}

function scopeOf({ url, method }: FastifyRequest): Scope | undefined {
  const path = url.split('?')[0] ?? url;
  // Leads to the page for people.
  if (path === '/') return undefined;
  const rule = needed.find(([prefix]) => path === prefix || path.startsWith(`${prefix}/`));
  if (rule?.[1] === 'read' && method !== 'GET' && method !== 'HEAD') return 'generate';
  return rule ? rule[1] : 'generate';
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
