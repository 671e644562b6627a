/**
 * Paths of the server in what callers are told: whoever sits at the machine may open what lies there, and for
 * all others a path is of no use and tells how the machine is set up.
 *
 * @module
 */
import { readdirSync } from 'node:fs';
import { basename, parse, sep } from 'node:path';
import type { FastifyRequest } from 'fastify';
import { isLoopbackHost } from './access/loopback.js';
import { failureOf } from './disconnect.js';
import { answerFor, type ErrorAnswer } from './errors.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Absolute. */
    readonly storageFolder: string;
  }
  interface FastifyRequest {
    /** Whether it comes from this machine, to a server without keys. Absent: no. */
    isLocal?: boolean;
  }
}

/**
 * Whether a request was made on this machine for this machine, and not handed on by a proxy that runs here.
 */
export function comesFromHere({ socket, headers }: FastifyRequest): boolean {
  const isHandedOn = headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined;
  const { localAddress = '', remoteAddress = '' } = socket;
  const hosts = [
    localAddress,
    remoteAddress,
    (headers.host ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, ''),
  ];
  return !isHandedOn && hosts.every(isLoopbackHost);
}

/** Absolute paths of POSIX and of Windows, as messages have them. */
const paths =
  /(?<![\w.:/~-])(\/(?:[^\s/"'`,;:()<>]+\/)+[^\s/"'`,;:()<>]*)|(?<!\w)[A-Za-z]:\\[^\s"'`,;()<>]+/g;

let rootNames: ReadonlySet<string> | undefined;

/** Whether a path begins with a folder that this machine has; others are paths of URLs. */
function isOfThisMachine(path: string): boolean {
  rootNames ??= new Set(readdirSync(parse(process.cwd()).root));
  return !path.startsWith('/') || rootNames.has(path.split('/')[1] ?? '');
}

/**
 * A text with what lies below the storage folder named from there on, and other files of this machine by
 * their last name.
 */
export function withoutServerPaths(text: string, storageFolder: string): string {
  return text
    .replaceAll(`${storageFolder}${sep}`, '')
    .replaceAll(storageFolder, 'the storage folder')
    .replace(paths, (path) => (isOfThisMachine(path) ? basename(path.replaceAll('\\', '/')) : path));
}

/** A text as its caller may read it. */
export const textFor = (text: string, { isLocal, server }: FastifyRequest): string =>
  isLocal ? text : withoutServerPaths(text, server.storageFolder);

/** An error as its caller may read it. */
export function answerTo(request: FastifyRequest, error: unknown): ErrorAnswer {
  const answer = answerFor(failureOf(error, request.server.outOfTime));
  const { message, hint } = answer;
  return {
    ...answer,
    message: textFor(message, request),
    hint: hint === undefined ? undefined : textFor(hint, request),
  };
}
