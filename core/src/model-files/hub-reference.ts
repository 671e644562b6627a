import { EaselError, type HubSource } from '@easel/plugin-sdk';
import { isFilePath } from './file-path.js';

const pattern = /^([\w.-]+\/[\w.-]+)(?:@([^:\s]+))?(?::(\S+))?$/;

/** Of a repository's name: its folder in the cache adds "models--", and other tools a lock's ending. */
const repositoryBytes = 200;

/** `organisation/name[@revision][:file]` as a source. Undefined: it is not written so. */
export function parseHubReference(text: string): HubSource | undefined {
  const [, repository, revision, file] = pattern.exec(text) ?? [];
  if (repository === undefined) return undefined;
  const isTooLong = Buffer.byteLength(repository) > repositoryBytes;
  if (isTooLong || [file, revision].some((path) => path !== undefined && !isFilePath(path))) {
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `"${text.slice(0, 100)}" names no path inside of a repository, or one that is too long.`,
    });
  }
  return { type: 'hub', repository, ...(revision && { revision }), ...(file && { file }) };
}

/** The source as people write it. */
export const formatHubReference = ({ repository, revision, file }: HubSource): string =>
  `${repository}${revision ? `@${revision}` : ''}${file ? `:${file}` : ''}`;
