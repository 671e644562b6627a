import { EaselError, type HubSource } from '@easel/plugin-sdk';

const pattern = /^([\w.-]+\/[\w.-]+)(?:@([^:\s]+))?(?::(\S+))?$/;

/** `organisation/name[@revision][:file]` as a source. Undefined: it is not written so. */
export function parseHubReference(text: string): HubSource | undefined {
  const [, repository, revision, file] = pattern.exec(text) ?? [];
  if (repository === undefined) return undefined;
  if ([file, revision].some((path) => path?.split('/').some((part) => part === '..' || part === ''))) {
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `"${text}" names no path inside of a repository.`,
    });
  }
  return { type: 'hub', repository, ...(revision && { revision }), ...(file && { file }) };
}

/** The source as people write it. */
export const formatHubReference = ({ repository, revision, file }: HubSource): string =>
  `${repository}${revision ? `@${revision}` : ''}${file ? `:${file}` : ''}`;
