import type { ServiceHealth } from '../../observe/health.js';
import { UsageError } from '../terminal/usage-error.js';

/** The health of one plugin alone, where one is named. Throws a UsageError for one that is not there. */
export function onlyPlugin(id: string | undefined, health: ServiceHealth): ServiceHealth {
  if (id === undefined) return health;
  const plugins = health.plugins.filter((plugin) => plugin.id === id);
  if (plugins.length > 0) return { ...health, plugins };
  const ids = health.plugins.map((plugin) => plugin.id).join(', ');
  throw new UsageError(
    `there is no plugin "${id}"; there are: ${ids || 'none'}`,
    'See `easel plugins`, and `easel plugins --help` for its commands.',
  );
}
