import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ApiKey } from '../../keys/key-file.js';
import { HttpError } from '../errors.js';
import { addOperation, type Operation } from '../operation.js';
import { parseBody } from '../parse-body.js';
import type { ServerContext } from '../server-context.js';
import { createSession, findSession, sessionCookie, tokenOf } from './session.js';
import { assertOwnPage } from './web-pages.js';

const signInSchema = z.strictObject({ key: z.string().min(1).max(300).describe('Text of an API key.') });

const operations = {
  get: {
    tag: 'Session',
    method: 'GET',
    path: '/api/session',
    scope: 'public',
    summary: 'Whether a key is asked for, and whose session this is.',
    answer: 'session',
  },
  signIn: {
    tag: 'Session',
    method: 'POST',
    path: '/api/session',
    scope: 'public',
    summary: 'Makes a session of a key, for pages: a cookie that their scripts cannot read.',
    body: signInSchema,
    answer: 'session',
  },
  signOut: {
    tag: 'Session',
    method: 'DELETE',
    path: '/api/session',
    scope: 'public',
    summary: 'Ends the session.',
    answer: 'session',
  },
} as const satisfies Record<string, Operation>;

/** `/api/session`: how people sign in on a page of this server. */
export const sessionRoutes =
  ({ keys, configuration, prefix }: ServerContext) =>
  async (server: FastifyInstance) => {
    const describe = (key?: ApiKey, session?: string) => ({
      required: keys.areRequired,
      key: key ? { name: key.name, scopes: key.scopes } : null,
      ...(session ? { token: tokenOf(session, keys) } : {}),
    });

    addOperation(server, operations.get, async (request, reply) => {
      // The token is for pages of this server alone.
      assertOwnPage(request, configuration);
      const found = keys.areRequired ? findSession(request, keys) : undefined;
      reply.header('cache-control', 'no-store');
      return describe(found?.key, found?.session);
    });

    addOperation(server, operations.signIn, async (request, reply) => {
      assertOwnPage(request, configuration);
      const key = keys.find(parseBody(signInSchema, request.body).key.trim());
      const session = key && createSession(key, keys);
      if (!session) throw new HttpError(401, 'invalid_api_key', 'This is none of the keys of this server.');
      reply.header('set-cookie', sessionCookie(request, prefix, session)).header('cache-control', 'no-store');
      return describe(key, session);
    });

    addOperation(server, operations.signOut, async (request, reply) => {
      assertOwnPage(request, configuration);
      reply.header('set-cookie', sessionCookie(request, prefix));
      return describe();
    });
  };
