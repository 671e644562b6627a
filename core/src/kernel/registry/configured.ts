import { EaselError, manifestSchema } from '@easel/plugin-sdk';
import type { Configuration } from '../../config/configuration.js';
import { firstProblem } from '../../config/first-problem.js';
import type { PluginFolder } from '../manifest/read.js';

/**
 * A plugin with the limits and breaker settings that the configuration gives it in place of its manifest's.
 *
 * @throws ERR_CONFIG_INVALID where the two do not go together
 */
export function withConfiguration(plugin: PluginFolder, { plugins }: Configuration): PluginFolder {
  const { runtime, breaker } = plugins[plugin.manifest.id] ?? {};
  if (!runtime && !breaker) return plugin;
  const { id } = plugin.manifest;
  const parsed = manifestSchema.safeParse({
    ...plugin.manifest,
    runtime: { ...plugin.manifest.runtime, ...runtime },
    breaker: { ...plugin.manifest.breaker, ...breaker },
  });
  if (parsed.success) return { ...plugin, manifest: parsed.data };
  const message = `The configuration: plugins.${id}.${firstProblem(parsed.error)}.`;
  throw new EaselError({ code: 'ERR_CONFIG_INVALID', plugin: id, message });
}
