import { EaselError } from '../errors.js';
import { TaskJournal } from '../journal/task-journal.js';
import type { PluginContext } from '../plugin.js';
import { AsyncTasks } from './async-tasks.js';
import { fetchSource } from './fetch-source.js';
import type { TaskDriver } from './task-driver.js';
import type { TaskSettings } from './task-settings.js';

type TaskSurroundings = Pick<PluginContext<unknown>, 'logger' | 'storageFolder' | 'webhookUrl'>;

/**
 * Opens the tasks of a provider, those of processes that have ended among them.
 *
 * @throws ERR_PLUGIN_START_FAILED where there is no folder to write them down in
 */
export async function openTasks<Ticket>(
  driver: TaskDriver<Ticket>,
  settings: TaskSettings,
  { logger, storageFolder: folder, webhookUrl }: TaskSurroundings,
): Promise<AsyncTasks<Ticket>> {
  if (folder === undefined)
    throw new EaselError({
      code: 'ERR_PLUGIN_START_FAILED',
      message: 'There is no folder to keep paid tasks in: ask for permissions.storage in plugin.json.',
    });
  const journal = await TaskJournal.open({ folder, keepMs: settings.keepMs, now: Date.now, logger });
  return new AsyncTasks({
    ...{ journal, driver, settings, logger },
    webhookUrl: settings.webhooks ? webhookUrl : undefined,
    fetch: (source, signal) => fetchSource(source, settings, signal),
  });
}
