import { readConfiguration } from '../../config/read-configuration.js';
import { findServers } from '../../http/running-servers.js';
import { ServerFailure } from '../terminal/server-failure.js';
import { UsageError } from '../terminal/usage-error.js';
import { ServerClient } from './server-client.js';

export interface ServerFlags {
  readonly config?: string | undefined;
  readonly url?: string | undefined;
}

/**
 * The server that a command asks: the one that `--url` or `EASEL_URL` names, with the key in `EASEL_API_KEY`,
 * or the one that runs on this machine with the same storage folder, for which no key is needed. Throws a
 * ServerFailure where there is none.
 *
 * @param otherWay what else the command may be told. Absent: nothing
 */
export function findServer(
  { config, url = process.env.EASEL_URL }: ServerFlags,
  otherWay = '',
): ServerClient {
  if (url !== undefined && url !== '') {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      throw new UsageError(`--url ${url.slice(0, 100)}: must be a URL such as http://127.0.0.1:8190`);
    return new ServerClient(url, process.env.EASEL_API_KEY || undefined);
  }
  const { storageFolder } = readConfiguration({ configFile: config });
  const [newest] = findServers(storageFolder);
  if (newest) return new ServerClient(newest.url, newest.key);
  throw new ServerFailure({
    code: 'ERR_NO_SERVER',
    message: `No server runs on this machine that keeps its things in ${storageFolder}.`,
    hint: `Start one with \`easel serve\`, or name one with --url.${otherWay}`,
  });
}
