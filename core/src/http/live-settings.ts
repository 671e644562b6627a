import { type ServerConfiguration, serverConfigurationSchema } from '../config/server-configuration.js';
import type { ImageServiceManager } from '../kernel/image-service-manager.js';

/**
 * The server's settings, each as it stands whenever it is read: the file may change while the server runs.
 */
export function liveSettings(manager: Pick<ImageServiceManager, 'configuration'>): ServerConfiguration {
  const settings = {} as ServerConfiguration;
  for (const name of Object.keys(serverConfigurationSchema.shape) as (keyof ServerConfiguration)[])
    Object.defineProperty(settings, name, {
      enumerable: true,
      get: () => manager.configuration.server[name],
    });
  return settings;
}
