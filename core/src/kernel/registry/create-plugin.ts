import type { EaselError, Fault } from '@easel/plugin-sdk';
import type { Configuration } from '../../config/configuration.js';
import { GuardedPlugin } from '../guard/guarded-plugin.js';
import type { PluginFolder } from '../manifest/read.js';
import { Supervisor, type SupervisorOptions } from '../supervisor/supervisor.js';
import { withConfiguration } from './configured.js';

export type Surroundings = Pick<SupervisorOptions, 'environment' | 'logger' | 'events' | 'now'>;

export interface CreatePluginOptions {
  readonly surroundings: Surroundings;
  readonly isDisabled: boolean;
  /**
   * Told when it has gone away by itself, or its own failures have opened a circuit. Absent: nobody is told.
   */
  readonly onFailure?: ((plugin: GuardedPlugin, reason: EaselError) => void) | undefined;
}

/**
 * Failures that another version of a plugin may not have; a provider that is down is not a reason to go back.
 */
const ownFaults: ReadonlySet<Fault> = new Set(['plugin', 'author']);

/** Where the server of a configuration takes webhooks for a plugin: the route of `http/webhooks`. */
const webhookUrlOf = (id: string, { server: { publicUrl } }: Configuration) =>
  publicUrl === undefined ? undefined : `${publicUrl.replace(/\/$/, '')}/api/webhooks/${id}`;

/** A plugin with its part of the configuration, its supervisor and its guard. Throws ERR_CONFIG_INVALID. */
export function createPlugin(
  found: PluginFolder,
  configuration: Configuration,
  { surroundings, isDisabled, onFailure }: CreatePluginOptions,
): GuardedPlugin {
  const plugin = withConfiguration(found, configuration);
  const supervisor = new Supervisor({
    ...surroundings,
    plugin,
    config: configuration.plugins[plugin.manifest.id]?.options ?? {},
    storageFolder: configuration.storageFolder,
    webhookUrl: webhookUrlOf(plugin.manifest.id, configuration),
    isDisabled,
    onCrash: (reason) => onFailure?.(guarded, reason),
    blame: (runner) => guarded.blame(runner),
  });
  const guarded = new GuardedPlugin({
    plugin,
    supervisor,
    events: surroundings.events,
    now: surroundings.now ?? (() => performance.now()),
    onCircuitOpen: (reason) => {
      if (ownFaults.has(reason.fault)) onFailure?.(guarded, reason);
    },
  });
  return guarded;
}
