/**
 * Models at Runware, over WebSockets or HTTP: every task is written down before it is sent, followed through
 * whatever happens to the connection, and paid once.
 *
 * @module
 */
import { definePlugin, EaselError } from '@easel/plugin-sdk';
import { blockOtherLoaders } from '@easel/plugin-sdk/images';
import { TaskJournal } from '@easel/plugin-sdk/journal';
import { estimateByPrice } from '@easel/plugin-sdk/provider';
import { enhancePrompt } from './enhance-prompt.js';
import { optionsSchema } from './options.js';
import { type Made, makePictures } from './pictures/make-pictures.js';
import { readKey } from './read-key.js';
import { pictureTasks, withPrompt } from './request/picture-tasks.js';
import { resultOf } from './result.js';
import { configSchema } from './settings.js';
import { settle } from './tasks/settle.js';
import { TaskClient } from './tasks/task-client.js';

/** Share of a call that wording its prompt anew takes. */
const enhancingShare = 0.1;

export default definePlugin({
  config: configSchema,
  options: optionsSchema,
  async start({ config, secrets, logger, storageFolder }) {
    await blockOtherLoaders();
    const apiKey = readKey('RUNWARE_API_KEY', secrets.RUNWARE_API_KEY);
    if (storageFolder === undefined)
      throw new EaselError({
        code: 'ERR_PLUGIN_START_FAILED',
        message: 'There is no folder to keep the journal of tasks in.',
      });
    const { random } = Math;
    const { now } = Date;
    const journal = await TaskJournal.open({ folder: storageFolder, keepMs: config.keepMs, now, logger });
    const client = new TaskClient({ config, apiKey, logger, journal, random, now });
    const settling = settle(client, journal, logger);
    return {
      async generate(request, { options, signal, onProgress, received }) {
        const startedAt = performance.now();
        const tasks = pictureTasks(request, options);
        onProgress({ stage: 'generate', fraction: 0 });
        const { requestId } = request;
        if (requestId !== undefined) await journal.waitForOthers(requestId, signal);
        // What an earlier call has paid is not worded anew.
        const isNew = tasks.some(({ identity }) => !journal.hasOrphan(identity));
        const enhanced =
          options.enhancePrompt && options.task === undefined && isNew
            ? await enhancePrompt(client, request, { ...options, signal })
            : undefined;
        const enhancedAt = performance.now();
        const prompt = enhanced?.prompt ?? request.prompt;
        const from = enhanced ? enhancingShare : 0;
        if (enhanced) onProgress({ stage: 'generate', fraction: from, message: 'worded the prompt anew' });
        let isAnswered = false;
        let made: Made | undefined;
        try {
          made = await makePictures(
            tasks.map((task) => withPrompt(task, prompt)),
            {
              ...{ client, config, options, random, signal },
              outputFormat: request.outputFormat,
              onProgress: (fraction) =>
                onProgress({ stage: 'generate', fraction: from + (1 - from) * fraction }),
            },
          );
          const timings = {
            ...(enhanced ? { enhance: enhancedAt - startedAt } : {}),
            generate: performance.now() - enhancedAt,
          };
          isAnswered = !signal.aborted;
          return resultOf({ request, options, made, enhanced, scheduler: tasks[0]?.body.scheduler, timings });
        } finally {
          const end = (isReceived: boolean) => {
            const how = isReceived ? 'delivered' : 'kept';
            made?.end(how);
            enhanced?.end?.(how);
          };
          if (isAnswered) void received.then(end);
          else end(false);
        }
      },
      estimateCost: (request, { options }) => estimateByPrice(options.price, request),
      /** A Runware that is down now keeps no version from being taken in; a key that is refused does. */
      async probe() {
        await client.transport.check().catch((error: unknown) => {
          if (!EaselError.isInstance(error) || !error.retryable) throw error;
        });
      },
      async close() {
        await client.close();
        await settling;
        await journal.close();
      },
    };
  },
});
