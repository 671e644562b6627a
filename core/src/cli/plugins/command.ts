import type { Finish } from '../options.js';
import { add, change, check, create, list } from './flags.js';

/** `easel plugins` and the commands below it. They take flags of `plugins` wherever those stand. */
export const pluginsCommand = (finish: Finish) =>
  list('plugins')
    .helpCommand(false)
    .action(async (id, flags) => finish(await (await import('./list.js')).listPlugins(id, flags)))
    .addCommand(
      list('list').action(async (id, _, command) =>
        finish(await (await import('./list.js')).listPlugins(id, command.optsWithGlobals())),
      ),
    )
    .addCommand(
      create().action(async (id, _, command) =>
        finish(await (await import('./new.js')).newPlugin(id, command.optsWithGlobals())),
      ),
    )
    .addCommand(
      add().action(async (name, _, command) =>
        finish(await (await import('./add.js')).addPlugin(name, command.optsWithGlobals())),
      ),
    )
    .addCommand(
      check().action(async (folder, _, command) =>
        finish(await (await import('./check.js')).checkPlugin(folder, command.optsWithGlobals())),
      ),
    )
    .addCommand(
      change('enable', 'give a plugin calls again, in the configuration file').action(
        async (id, _, command) =>
          finish(await (await import('./switch.js')).switchPlugin(id, true, command.optsWithGlobals())),
      ),
    )
    .addCommand(
      change('disable', 'give a plugin no more calls, in the configuration file').action(
        async (id, _, command) =>
          finish(await (await import('./switch.js')).switchPlugin(id, false, command.optsWithGlobals())),
      ),
    )
    .addCommand(
      change('reload', 'let running kernels that watch start the plugin again').action(
        async (id, _, command) =>
          finish(await (await import('./switch.js')).reloadPlugin(id, command.optsWithGlobals())),
      ),
    );
