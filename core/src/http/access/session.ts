/**
 * Sessions of people who have signed in on a page: a cookie that says which key it was made of and until when
 * it holds, signed, so that the server keeps nothing. It ends when its key is revoked. Scripts cannot read
 * it, other sites cannot send it (`SameSite=Strict`), and whatever changes something shows a token beside it
 * that only a page of this server has been told.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { ApiKey } from '../../keys/key-file.js';
import type { KeyStore } from '../../keys/key-store.js';
import { HttpError } from '../errors.js';

const cookieName = 'easel-session';
const validMs = 30 * 24 * 3_600_000;

const digest = (secret: string, text: string) =>
  createHmac('sha256', secret).update(text).digest('base64url');
const isSame = (one: string, other: string) =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));

/** The text of a session with a key. Undefined: the server has no keys. */
export function createSession(key: ApiKey, keys: KeyStore, now = Date.now()): string | undefined {
  const secret = keys.signingSecret;
  if (secret === undefined) return undefined;
  const about = `${key.id}.${now + validMs}`;
  return `${about}.${digest(secret, `session ${about} ${key.hash}`)}`;
}

/** What proves that a page of this server asks. */
export const tokenOf = (session: string, keys: KeyStore): string =>
  digest(keys.signingSecret ?? '', `token ${session}`);

/** The value of `Set-Cookie`. Absent session: the cookie is taken away. */
export function sessionCookie(request: FastifyRequest, prefix: string, session = ''): string {
  const age = session === '' ? 0 : validMs / 1_000;
  const secure = request.protocol === 'https' ? '; Secure' : '';
  return `${cookieName}=${session}; Path=${prefix || '/'}; Max-Age=${age}; HttpOnly; SameSite=Strict${secure}`;
}

/** The session that a browser shows, and its key. Undefined: none, or it holds no longer. */
export function findSession(
  { headers }: FastifyRequest,
  keys: KeyStore,
  now = Date.now(),
): { readonly key: ApiKey; readonly session: string } | undefined {
  const secret = keys.signingSecret;
  const [, session = ''] = new RegExp(`(?:^|; *)${cookieName}=([\\w.-]+)`).exec(headers.cookie ?? '') ?? [];
  const [id = '', expires = '', signature = ''] = session.split('.');
  const key = keys.withId(id);
  if (secret === undefined || !key || !(Number(expires) > now)) return undefined;
  const right = digest(secret, `session ${id}.${expires} ${key.hash}`);
  return isSame(signature, right) ? { key, session } : undefined;
}

/**
 * Throws status 403 where something is to be changed, and the page does not show the token of its session.
 */
export function assertToken(request: FastifyRequest, session: string, keys: KeyStore): void {
  const isChange = request.method !== 'GET' && request.method !== 'HEAD';
  const shown = String(request.headers['x-easel-token'] ?? '');
  if (!isChange || isSame(shown, tokenOf(session, keys))) return;
  throw new HttpError(
    403,
    'token_missing',
    'This request has the cookie of a session, and lacks its token (x-easel-token, from GET /api/session).',
  );
}
