import type { Manifest } from '@easel/plugin-sdk';

/**
 * What a plugin may do beyond reading its own folder, in a line each, such as "the secret RUNWARE_API_KEY".
 */
export function askedPermissions({ permissions, runtime }: Manifest): string[] {
  const { secrets, optionalSecrets, storage, files, childProcesses } = permissions;
  return [
    ...[...secrets, ...optionalSecrets].map((name) => `the secret ${name}`),
    ...(storage ? ['a folder to write to'] : []),
    ...(files ? ['reading files anywhere'] : []),
    ...(childProcesses ? ['starting processes'] : []),
    // The permissions of a process bind neither of these.
    ...(runtime.workers ? ['starting worker threads'] : []),
    ...(runtime.isolation === 'process' ? [] : ["running inside of Easel's own process"]),
  ];
}
