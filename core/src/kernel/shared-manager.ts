import { createImageServiceManager } from './create-image-service-manager.js';
import type { ImageServiceManager } from './image-service-manager.js';

let shared: ImageServiceManager | undefined;

/**
 * The manager of the whole process, created with default options by the first call; closing it lets the next
 * call create another.
 */
export function getImageServiceManager(): ImageServiceManager {
  shared ??= createSharedManager();
  return shared;
}

function createSharedManager(): ImageServiceManager {
  const manager = createImageServiceManager();
  const close = manager.close.bind(manager);
  manager.close = async () => {
    if (shared === manager) shared = undefined;
    return await close();
  };
  return manager;
}
