import type { z } from 'zod';
import { EaselError } from '../errors.js';
import type { GenerationRequest } from '../generation.js';
import { blockOtherLoaders } from '../images/index.js';
import { PaidRequests } from '../paid/index.js';
import { definePlugin, type Plugin, type PluginContext } from '../plugin.js';
import { generateByPosts, type PostPlan, type PostSettings } from './generate-by-posts.js';
import { estimateByPrice } from './price.js';
import { taskSettings } from './task-settings.js';

const { requestMs, imageMs, parallelTasks, keepMs, allowPrivateAddresses } = taskSettings;

/** Settings of plugins of {@link definePostPlugin}, to be spread into their `config`. */
export const postSettings = { requestMs, imageMs, parallelTasks, keepMs, allowPrivateAddresses } as const;

/** A provider whose API answers a request with its images. */
export interface PostProvider<Options> {
  /** As people call it. */
  readonly name: string;
  /** What a call is in the provider's words. Throws an EaselError for what it cannot make. */
  plan(request: GenerationRequest, options: Options): PostPlan | Promise<PostPlan>;
  /** Makes sure that it could serve. Absent: nothing is asked. */
  probe?(): Promise<void>;
}

export interface PostPluginDefinition<Config extends z.ZodType<PostSettings>, Options extends z.ZodType> {
  /** Its settings: an object with all of `postSettings` in it. */
  readonly config: Config;
  readonly options: Options;
  open(context: PluginContext<z.output<Config>>): PostProvider<z.output<Options>>;
}

/**
 * Makes a plugin of a provider that answers a request with its images and cannot be asked about it
 * afterwards: the default export of its entry. The manifest asks for `permissions.storage`, and gives
 * `runtime.finishMs` for requests that are on their way when the kernel ends.
 */
export function definePostPlugin<Config extends z.ZodType<PostSettings>, Options extends z.ZodType>({
  config,
  options,
  open,
}: PostPluginDefinition<Config, Options>): Plugin<Config, Options> {
  return definePlugin({
    config,
    options,
    async start(context) {
      await blockOtherLoaders();
      const { config: settings, logger, storageFolder } = context;
      if (storageFolder === undefined)
        throw new EaselError({
          code: 'ERR_PLUGIN_START_FAILED',
          message: 'There is no folder to keep paid requests in: ask for permissions.storage in plugin.json.',
        });
      const provider = open(context);
      const requests = new PaidRequests({ storageFolder, keepMs: settings.keepMs, logger });
      return {
        async generate(request, call) {
          const plan = await provider.plan(request, call.options);
          return await generateByPosts({ requests, plan, settings, name: provider.name }, request, call);
        },
        async estimateCost(request, call) {
          return estimateByPrice((await provider.plan(request, call.options)).price, request);
        },
        async probe() {
          await provider.probe?.();
        },
        close: () => requests.close(),
      };
    },
  });
}
