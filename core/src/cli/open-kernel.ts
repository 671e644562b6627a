import type { ImageServiceManager } from '../kernel/image-service-manager.js';
import { createStderrLogger } from './terminal/stderr-logger.js';

interface KernelFlags {
  readonly config?: string | undefined;
  readonly verbose?: true | undefined;
}

/**
 * The kernel that the configuration describes; its code is loaded here, so that `--help` need not wait for
 * it.
 */
export async function openKernel({ config, verbose }: KernelFlags): Promise<ImageServiceManager> {
  const { createImageServiceManager } = await import('../kernel/create-image-service-manager.js');
  return createImageServiceManager({
    ...(config === undefined ? {} : { configFile: config }),
    ...(verbose ? { logger: createStderrLogger() } : {}),
  });
}
