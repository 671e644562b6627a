import type { KernelOptions } from './container.js';
import { ImageServiceManager } from './image-service-manager.js';

/**
 * Creates a kernel: reads its configuration, catalogue and manifests (a few small files, synchronously) and
 * runs no plugin code yet. It has no signal handlers, writes no environment variables and shares nothing with
 * other kernels of the process. Throws ERR_CONFIG_INVALID for a broken configuration and ERR_MODEL_UNKNOWN
 * for a current model that is not in the catalogue.
 */
export function createImageServiceManager(options: KernelOptions = {}): ImageServiceManager {
  return new ImageServiceManager(options);
}
