import { type AvailableModel, isNamed } from '../models/available-models.js';
import type { ServerContext } from './server-context.js';

/**
 * The model that a request goes to, by a name of it. One that is in no catalogue, such as
 * `openai:gpt-image-9`, has the plugin of those that are of its pipeline type. Undefined: nothing is known of
 * it.
 *
 * @param name absent: the current model
 */
export function findModel(
  manager: Pick<ServerContext['manager'], 'getAvailableModels' | 'currentModel'>,
  name: string | null | undefined,
): AvailableModel | undefined {
  const wanted = name ?? manager.currentModel;
  const [listed] = manager.getAvailableModels((model) => isNamed(model, wanted));
  if (listed || wanted === undefined) return listed;
  const [alike] = manager.getAvailableModels(({ pipelineType }) => wanted.startsWith(`${pipelineType}:`));
  return alike && { ...alike, id: wanted };
}
