import type { ImageServiceManager } from '../kernel/image-service-manager.js';
import type { FixedChoices } from '../kernel/routing/fixed-request.js';
import type { NewJob } from './job.js';

/**
 * Undefined for a request that is refused now: it is fixed when its turn comes, and fails by that if nothing
 * has changed.
 */
export async function fixNow(
  manager: Pick<ImageServiceManager, 'fixRequest'>,
  request: NewJob['request'],
): Promise<FixedChoices | undefined> {
  try {
    return await manager.fixRequest(request);
  } catch {
    return undefined;
  }
}
