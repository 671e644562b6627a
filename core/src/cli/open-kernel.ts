import type { ImageServiceManager } from '../kernel/image-service-manager.js';
import { createStderrLogger } from './stderr-logger.js';

/** Flags that every command takes. */
export interface CommonFlags {
  readonly config?: string;
  readonly json?: true;
  readonly verbose?: true;
}

/** The kernel that the configuration describes; its code is loaded here, so that `--help` need not wait for it. */
export async function openKernel({ config, verbose }: CommonFlags): Promise<ImageServiceManager> {
  const { createImageServiceManager } = await import('../kernel/image-service-manager.js');
  return createImageServiceManager({
    ...(config === undefined ? {} : { configFile: config }),
    ...(verbose ? { logger: createStderrLogger() } : {}),
  });
}
