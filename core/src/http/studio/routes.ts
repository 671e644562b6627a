import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import staticFiles from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { declareAccess } from '../access/route-scope.js';
import { findStudio } from './find-studio.js';

/** Scripts, styles, fonts and images of this server alone, and none that stand in the document. */
const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Addresses at which people find a part of the page. */
const parts = [
  '/',
  '/make',
  '/gallery',
  '/gallery/*',
  '/compare/*',
  '/kernel',
  '/kernel/*',
  '/models',
] as const;
const yearMs = 365 * 24 * 3_600_000;

/** Answers with the document of the Studio, which finds out by the address what to show. */
export type SendStudio = (reply: FastifyReply) => Promise<FastifyReply>;

/** Undefined: its package is not installed, or has not been built. */
export function studioSender(prefix: string): SendStudio | undefined {
  const folder = findStudio();
  if (!folder) return undefined;
  const index = join(folder, 'index.html');
  return async (reply) => {
    // Read each time, as an update may take the place of the files while the server runs.
    const document = await readFile(index, 'utf8');
    return await reply
      .type('text/html; charset=utf-8')
      .headers({ 'content-security-policy': contentPolicy, 'cache-control': 'no-cache' })
      .send(document.replace('<head>', `<head><base href="${prefix}/">`));
  };
}

/** `GET /`: the Studio, for people. Where its package is not installed, they are led to `/docs`. */
export const studioRoutes =
  (prefix: string, send: SendStudio | undefined) => async (server: FastifyInstance) => {
    const folder = findStudio();
    declareAccess(server, { scope: 'public' });
    if (!send || !folder) {
      server.get('/', async (_request, reply) => await reply.redirect(`${prefix}/docs`));
      return;
    }
    for (const part of parts) server.get(part, async (_request, reply) => await send(reply));
    await server.register(staticFiles, {
      root: join(folder, 'studio'),
      prefix: '/studio/',
      decorateReply: false,
      preCompressed: true,
      immutable: true,
      maxAge: yearMs,
    });
  };
