import type { HostLogger } from '../observe/plugin-logger.js';
import type { Events } from './events.js';

/** Writes to the log what keeps calls from a plugin, and when that is over. */
export function logTrouble(events: Events, logger: HostLogger): void {
  events.on('plugin-quarantined', ({ plugin, version, error }) => {
    const why = error ? ` ${error.message}` : '';
    logger.error(`The plugin "${plugin}" ${version} is quarantined.${why}`, { plugin, code: error?.code });
  });
  events.on('circuit-open', ({ plugin, version, pipelineType, error }) => {
    const why = error ? ` The last failure: ${error.message}` : '';
    logger.warn(
      `The circuit of the plugin "${plugin}" ${version} for "${pipelineType}" is open: it is left alone for a while.${why}`,
      { plugin, pipelineType, code: error?.code },
    );
  });
  events.on('circuit-closed', ({ plugin, version, pipelineType }) =>
    logger.info(
      `The circuit of the plugin "${plugin}" ${version} for "${pipelineType}" is closed: it is asked again.`,
      { plugin, pipelineType },
    ),
  );
}
