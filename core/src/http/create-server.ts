import { randomUUID } from 'node:crypto';
import { EaselError } from '@easel/plugin-sdk';
import cors from '@fastify/cors';
import multipart from '@fastify/multipart';
import fastify, { type FastifyInstance } from 'fastify';
import type { ImageServiceManager } from '../kernel/image-service-manager.js';
import { type HostLogger, silentLogger } from '../observe/plugin-logger.js';
import type { ServerRole } from '../scale/shared-parts.js';
import { diskParts } from '../storage/disk-parts.js';
import { authenticate } from './access/authenticate.js';
import { limitKeys } from './access/limits.js';
import { requireRouteScopes } from './access/route-scope.js';
import { sessionRoutes } from './access/session-routes.js';
import { logRequest } from './access-log.js';
import { adminRoutes } from './admin/routes.js';
import { automaticRoutes } from './automatic1111/routes.js';
import { registerParsers } from './body/register-parsers.js';
import { comfyRoutes } from './comfyui/routes.js';
import { costRoutes } from './costs/routes.js';
import { documentationRoutes } from './documentation/routes.js';
import { answerErrors, answerUnknownPaths, answerUnreadableUrl } from './error-shapes.js';
import { galleryRoutes } from './gallery/routes.js';
import { closeGracefully } from './graceful-close.js';
import { generateRoute } from './images/generate.js';
import { listRoutes } from './images/lists.js';
import { parametersRoute } from './images/parameters-route.js';
import { resultRoutes } from './images/results.js';
import { jobRoutes } from './jobs/routes.js';
import { mcpRoutesIfInstalled } from './mcp/routes-if-installed.js';
import { ServerMetrics } from './metrics/server-metrics.js';
import { ollamaRoutes } from './ollama/routes.js';
import { openServerContext } from './open-server-context.js';
import { openAiRoutes } from './openai/routes.js';
import { collectOperations } from './operation.js';
import { handlePipelinedInTurn } from './pipelined-requests.js';
import { probeRoutes } from './probes.js';
import { sdcppRoutes } from './sdcpp/routes.js';
import { studioRoutes, studioSender } from './studio/routes.js';
import { watchRequests } from './watch-requests.js';
import { webhookRoutes } from './webhooks/routes.js';

/** What the routes have, and what their answers say beside their bodies. */
const corsMethods = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'] as const;
const corsHeaders = [
  'location',
  'easel-job',
  'easel-cache',
  'retry-after',
  'x-should-retry',
  'x-request-id',
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
] as const;
const mebibyte = 1024 * 1024;
/** Bytes of a field of a form: a prompt of 32,000 characters has at most 128,000. */
const fieldBytes = 128 * 1024;
/** Milliseconds of the time to close that are kept for plugins to end in. */
const pluginsMs = 3_500;

export interface CreateServerOptions {
  readonly manager: ImageServiceManager;
  /**
   * Takes a line for each request, and for each failure that is not the caller's. Absent: they are dropped.
   */
  readonly logger?: HostLogger | undefined;
  /**
   * Path under which a host app has it, such as `/easel`: URLs that it answers have it, and it is taken off
   * the paths that come, where it is still there. Absent: it is the whole.
   */
  readonly prefix?: string | undefined;
  /** A key with all scopes that the host keeps, beside those of `keys.json`. Absent: none. */
  readonly apiKey?: string | undefined;
  /** What it does where the configuration says with `scale` that several servers share the work. Absent:
   * `server.role` of it. */
  readonly role?: ServerRole | undefined;
  /** A key that commands on this machine show; it does not make others need one. Absent: none. */
  readonly commandKey?: string | undefined;
}

/**
 * The HTTP APIs in front of a kernel: ready to listen, or, once it is `ready()`, for a host app to hand
 * requests on to by `routing`. `close()` lets answers that are on their way be finished; the kernel stays
 * open. Rejects with ERR_CONFIG_INVALID for a prefix that is not a path, for a key that could be guessed,
 * and where libsql is not installed, which jobs are kept with.
 *
 * @example
 * const easel = await createServer({ manager, prefix: '/easel' });
 * await easel.ready();
 * app.use('/easel', (request, response) => easel.routing(request, response)); // Express, Connect
 */
export async function createServer(options: CreateServerOptions): Promise<FastifyInstance> {
  const { manager, logger = silentLogger } = options;
  const prefix = parsePrefix(options.prefix);
  const { configuration } = manager;
  const server = fastify({
    bodyLimit: configuration.server.bodyMb * mebibyte,
    genReqId: () => randomUUID(),
    // Headers and body of a slow caller; the work itself may take longer.
    requestTimeout: 120_000,
    // Of each part at the start; 10 seconds are too few on a machine with much else to do.
    pluginTimeout: 60_000,
    forceCloseConnections: 'idle',
    // Refused by a hook, in the shape of the API.
    return503OnClosing: false,
    frameworkErrors: answerUnreadableUrl,
    rewriteUrl: ({ url = '/' }) => withoutPrefix(url, prefix),
  });
  const metrics: ServerMetrics = new ServerMetrics(
    () => context.jobs.backlog(),
    () => context.jobs.pace(),
    () => diskParts(configuration.storageFolder, manager.configuration.server.modelFolders),
    () => context.ledger.budgetsOfToday(context.keys.keys.map(({ id }) => id)),
  );
  const context = await openServerContext(manager, logger, {
    prefix,
    role: options.role,
    callMetrics: metrics.calls,
    apiKey: options.apiKey,
    commandKey: options.commandKey,
    origin: () => (server.server.listening ? server.listeningOrigin : ''),
  });
  watchRequests(server, (ended) => {
    metrics.count(ended);
    if (context.configuration.accessLog) logRequest(logger, ended);
  });
  handlePipelinedInTurn(server);
  server.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
    reply.header('referrer-policy', 'no-referrer');
  });
  const closeMs = configuration.server.closeSeconds * 1_000;
  closeGracefully(server, Math.max(closeMs - pluginsMs, closeMs / 4));
  server.addHook('onClose', async () => await context.close());
  server.decorate('storageFolder', configuration.storageFolder);
  requireRouteScopes(server);
  const operations = collectOperations(server);
  const sendStudio = studioSender(prefix);
  answerErrors(server, logger, sendStudio);

  const { bodyMb, corsOrigins } = configuration.server;
  if (corsOrigins.length > 0)
    await server.register(cors, {
      origin: corsOrigins.includes('*') ? true : [...corsOrigins],
      methods: [...corsMethods],
      exposedHeaders: [...corsHeaders],
    });
  authenticate(server, context);
  await limitKeys(server, context.requestCounts);
  await server.register(multipart, {
    limits: { fileSize: bodyMb * mebibyte, fieldSize: fieldBytes, files: 17, fields: 50, parts: 60 },
  });
  registerParsers(server, bodyMb * mebibyte);
  await answerUnknownPaths(server, logger);
  await server.register(generateRoute(context));
  await server.register(listRoutes(context));
  await server.register(parametersRoute());
  await server.register(resultRoutes(context));
  await server.register(galleryRoutes(context));
  await server.register(costRoutes(context));
  await server.register(jobRoutes(context));
  await server.register(webhookRoutes(context));
  await server.register(openAiRoutes(context));
  await server.register(automaticRoutes(context));
  await server.register(ollamaRoutes(context));
  await server.register(comfyRoutes(context));
  await server.register(sdcppRoutes(context));
  await server.register(mcpRoutesIfInstalled(context));
  await server.register(adminRoutes(context));
  await server.register(sessionRoutes(context));
  await server.register(probeRoutes(context, metrics));
  await server.register(documentationRoutes(prefix, operations));
  await server.register(studioRoutes(prefix, sendStudio));
  return server;
}

/** Throws ERR_CONFIG_INVALID for what is not a path. */
function parsePrefix(given = ''): string {
  if (/^(\/[\w.~-]+)*\/?$/.test(given)) return given.replace(/\/$/, '');
  throw new EaselError({
    code: 'ERR_CONFIG_INVALID',
    message: `prefix: "${given}" is not a path such as "/easel".`,
    hint: 'Name the path under which the host app has the server, from its first slash on.',
  });
}

function withoutPrefix(url: string, prefix: string): string {
  const isUnder = prefix !== '' && url.startsWith(prefix) && /^([/?]|$)/.test(url.slice(prefix.length));
  return isUnder ? url.slice(prefix.length).replace(/^(?!\/)/, '/') : url;
}
