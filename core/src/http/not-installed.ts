import type { FastifyInstance } from 'fastify';
import { installCommand } from '../optional-package.js';
import { HttpError } from './errors.js';

/**
 * Answers a path that is served by packages which are not installed: 501, with their names.
 *
 * @param what what the path is for, as the beginning of a sentence
 */
export function answerNotInstalled(
  server: FastifyInstance,
  url: string,
  what: string,
  packages: readonly string[],
): void {
  server.route({
    method: ['GET', 'POST', 'DELETE'],
    url,
    config: { access: { scope: 'public' } },
    handler: async () => {
      const message = `${what} is not installed here. Who runs this server can do it: ${installCommand(packages)}`;
      throw new HttpError(501, 'not_installed', message);
    },
  });
}
