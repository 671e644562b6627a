import { randomBytes } from 'node:crypto';
import { type AddressInfo, isIP } from 'node:net';
import { EaselError } from '@easel/plugin-sdk';
import { blockOtherLoaders } from '@easel/plugin-sdk/images';
import type { Configuration } from '../../config/configuration.js';
import { readConfiguration } from '../../config/read-configuration.js';
import { isLoopbackHost } from '../../http/access/loopback.js';
import { announceServer } from '../../http/running-servers.js';
import { KeyStore } from '../../keys/key-store.js';
import { createLogger } from '../../observe/create-logger.js';
import type { HostLogger } from '../../observe/plugin-logger.js';

import { parsePort } from '../flag-values.js';
import { exitStatus } from '../terminal/exit-status.js';
import { watchForInterruption } from '../terminal/interruption.js';
import { printLine } from '../terminal/output.js';
import type { ServeFlags } from './flags.js';

/**
 * `easel serve`: the HTTP APIs until it is interrupted; then no new calls, and those that it has may finish.
 */
export async function serve(flags: ServeFlags): Promise<number> {
  const source = { configFile: flags.config };
  const configuration = readConfiguration(source);
  const host = flags.host ?? configuration.server.host;
  const port = parsePort('--port', flags.port) ?? configuration.server.port;
  const logger = openLogger(flags, configuration);
  const apiKey = process.env.EASEL_API_KEY;
  refuseOpenDoor(host, configuration, apiKey);
  const { createImageServiceManager } = await import('../../kernel/create-image-service-manager.js');
  const { createServer } = await import('../../http/create-server.js');
  await using manager = createImageServiceManager({ ...source, logger, hotLoad: true, metrics: true });
  await blockOtherLoaders();
  const commandKey = randomBytes(32).toString('base64url');
  const server = await createServer({
    manager,
    logger,
    apiKey,
    commandKey,
    prefix: prefixOf(flags, configuration),
    role: flags.role,
  });
  const interruption = watchForInterruption((line) => logger.info(line));
  try {
    await server.listen({ host, port });
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw new EaselError({
      code: 'ERR_CONFIG_INVALID',
      message: `The server cannot listen on ${host}, port ${port} (${code}).`,
      hint: code === 'EADDRINUSE' ? 'Choose another one with --port.' : 'Name another address with --host.',
      cause,
    });
  }
  const { port: used } = server.server.address() as AddressInfo;
  const urlOf = (name: string) => `http://${isIP(name) === 6 ? `[${name}]` : name}:${used}`;
  const url = urlOf(host);
  const takeBack = await announceServer(manager.configuration.storageFolder, {
    url: urlOf(fromHere[host] ?? host),
    key: commandKey,
  }).catch((error: Error) =>
    logger.warn(`Commands on this machine cannot ask this server: ${error.message}`),
  );
  if (flags.json) printLine(JSON.stringify({ url }));
  else logger.info(`Easel listens on ${url}`, { url });
  await interruption.happened;
  await takeBack?.();
  // What is still at work then is ended with the process; plugins know what to do about it.
  setTimeout(() => process.exit(exitStatus.ok), 1_000 * configuration.server.closeSeconds).unref();
  await server.close();
  return exitStatus.ok;
}

/** A proxy's path, also where only the URL says it. */
function prefixOf({ prefix }: ServeFlags, { server }: Configuration): string | undefined {
  const { pathname } = new URL(server.publicUrl ?? 'http://nowhere');
  return prefix ?? server.prefix ?? (pathname === '/' ? undefined : pathname.replace(/\/$/, ''));
}

/** All addresses of a machine, and the one that leads to it from itself. */
const fromHere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/**
 * All that the server says is in one format: JSON, a line an entry, or text where people read it on a
 * terminal.
 */
function openLogger(flags: ServeFlags, { server: { logLevel, logFormat } }: Configuration): HostLogger {
  const isForPeople = logFormat === 'pretty' || (logFormat === 'auto' && process.stdout.isTTY);
  const logger = createLogger({
    level: flags.verbose ? 'debug' : logLevel,
    format: isForPeople && !flags.json ? 'pretty' : 'json',
  });
  // Node's own listener prints them as plain text.
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => logger.warn(`${name}: ${message}`));
  return logger;
}

/** Whoever reaches a server without keys may use it, and so spend its owner's money. */
function refuseOpenDoor(
  host: string,
  { server, storageFolder }: Configuration,
  apiKey: string | undefined,
): void {
  if (isLoopbackHost(host) || server.openWithoutKeys) return;
  if (new KeyStore(storageFolder, { apiKey }).areRequired) return;
  throw new EaselError({
    code: 'ERR_CONFIG_INVALID',
    message: `The server would listen on ${host}, beyond this machine, and has no API keys.`,
    hint: 'Make one with `easel keys create <name>`, or set EASEL_API_KEY to one of your own (openssl rand -hex 32); or say that everybody may ask, with EASEL_OPEN_WITHOUT_KEYS=true.',
  });
}
