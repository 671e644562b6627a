import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EaselError } from '@easel/plugin-sdk';
import { z } from 'zod';
import type { Configuration } from '../config/configuration.js';
import { readSecretsFile } from '../config/secrets-file.js';
import { storageIdOf } from '../storage/storage-id.js';
import type { OpenSharedParts, ServerRole, SharedHost, SharedParts } from './shared-parts.js';

const moduleSchema = z.object({
  openSharedParts: z.custom<OpenSharedParts>((value) => typeof value === 'function'),
});

/**
 * Opens what this server shares with others, by the package that the setting `scale` names. Undefined: it
 * shares nothing. Rejects with ERR_CONFIG_INVALID where the package is not installed, and for a role without
 * anything to share.
 */
export async function openSharedParts(
  configuration: Configuration,
  role: ServerRole,
  host: Omit<SharedHost, 'isWorker' | 'secret' | 'storageId'>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<SharedParts | undefined> {
  const { scale, scalePackage } = configuration;
  if (!scale) {
    if (role === 'all') return undefined;
    throw invalid(
      `The role ${role}: there are no other servers to share the work with.`,
      'Say with "scale" in easel.config.json what they share, or take the role "all".',
    );
  }
  const { package: name, ...settings } = scale;
  if (scalePackage === undefined)
    throw invalid(`scale: there is no package "${name}".`, `Install it: npm install ${name}`);
  const entry = createRequire(join(scalePackage, 'package.json')).resolve(String(name));
  const { openSharedParts: open } = moduleSchema.parse(await import(pathToFileURL(entry).href));
  return await open(settings, {
    ...host,
    storageId: await storageIdOf(configuration.storageFolder),
    isWorker: role !== 'gateway',
    secret: (secret) => environment[secret] || readSecretsFile(configuration)[secret],
  });
}

const invalid = (message: string, hint: string) =>
  new EaselError({ code: 'ERR_CONFIG_INVALID', message, hint });
