import type { z } from 'zod';
import type { GenerationRequest } from '../generation.js';
import { blockOtherLoaders } from '../images/index.js';
import { definePlugin, type Plugin, type PluginContext } from '../plugin.js';
import { generateByTasks, type TaskPlan } from './generate-by-tasks.js';
import { openTasks } from './open-tasks.js';
import { estimateByPrice } from './price.js';
import type { TaskDriver } from './task-driver.js';
import type { TaskSettings } from './task-settings.js';

/** A provider whose API answers with an id, and makes the images later. */
export interface TaskProvider<Options, Ticket> extends TaskDriver<Ticket> {
  /** What a call is in the provider's words. Throws an EaselError for what it cannot make. */
  plan(request: GenerationRequest, options: Options): TaskPlan<Ticket> | Promise<TaskPlan<Ticket>>;
  /** Makes sure that it could serve. Absent: nothing is asked. */
  probe?(): Promise<void>;
}

export interface TaskPluginDefinition<
  Config extends z.ZodType<TaskSettings>,
  Options extends z.ZodType,
  Ticket,
> {
  /** Its settings: an object with all of `taskSettings` in it. */
  readonly config: Config;
  readonly options: Options;
  open(context: PluginContext<z.output<Config>>): TaskProvider<z.output<Options>, Ticket>;
}

/**
 * Makes a plugin of a provider's driver: the default export of its entry. The manifest asks for
 * `permissions.storage`, and gives `runtime.finishMs` for requests that are on their way when the kernel
 * ends.
 */
export function defineTaskPlugin<Config extends z.ZodType<TaskSettings>, Options extends z.ZodType, Ticket>({
  config,
  options,
  open,
}: TaskPluginDefinition<Config, Options, Ticket>): Plugin<Config, Options> {
  return definePlugin({
    config,
    options,
    async start(context) {
      await blockOtherLoaders();
      const { config: settings } = context;
      const driver = open(context);
      const tasks = await openTasks(driver, settings, context);
      return {
        async generate(request, call) {
          const plan = await driver.plan(request, call.options);
          return await generateByTasks({ tasks, plan, settings, name: driver.name }, request, call);
        },
        async estimateCost(request, call) {
          return estimateByPrice((await driver.plan(request, call.options)).price, request);
        },
        ...(driver.isGenuine ? { receiveWebhook: (webhook) => tasks.receive(webhook) } : {}),
        async probe() {
          await driver.probe?.();
        },
        close: () => tasks.close(),
      };
    },
  });
}
