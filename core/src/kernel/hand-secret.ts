import { EaselError } from '@easel/plugin-sdk';
import type { DependencyContainer } from 'tsyringe';
import { SecretKeeper } from '../config/secret-keeper.js';
import { Registry } from './registry/registry.js';
import { Reconciler } from './reload/reconciler.js';
import { tokens } from './tokens.js';

/**
 * Keeps a secret and hands it to the plugins that ask for it; answers their ids. Rejects with
 * ERR_CONFIG_INVALID where nobody does.
 */
export async function handSecret(
  container: DependencyContainer,
  name: string,
  value: string,
): Promise<readonly string[]> {
  const asking = container
    .resolve(Registry)
    .plugins.filter(({ manifest: { permissions } }) =>
      [...permissions.secrets, ...permissions.optionalSecrets].includes(name),
    );
  if (asking.length === 0)
    throw new EaselError({
      code: 'ERR_CONFIG_INVALID',
      message: `No plugin asks for a secret "${name.slice(0, 100)}".`,
    });
  await container.resolve(SecretKeeper).set(name, value, container.resolve(tokens.configuration).current);
  // One that runs has been started without it.
  const running = asking.filter(({ supervisor }) => supervisor.run !== undefined);
  for (const { manifest } of running) await container.resolve(Reconciler).reload(manifest.id);
  return asking.map(({ manifest }) => manifest.id);
}
