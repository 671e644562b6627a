import { Command, Option } from '@commander-js/extra-typings';
import { type Finish, type FlagsOf, withConfiguration, withKernel } from '../options.js';

const list = () => withKernel(new Command('plugins').description('list the plugins and their state'));
export type ListPluginsFlags = FlagsOf<typeof list>;

const create = () =>
  withConfiguration(
    new Command('new')
      .description('write the folder of a new plugin that works as it is')
      .argument('<id>', 'its id, kebab-case; the name of its folder')
      .addOption(
        new Option('--language <language>', 'what it is written in')
          .choices(['js', 'ts'] as const)
          .default('js' as const),
      )
      .option('--folder <folder>', 'folder of plugin folders', 'plugins'),
  );
export type NewPluginFlags = FlagsOf<typeof create>;

const check = () =>
  withConfiguration(
    new Command('check')
      .description("report every problem of a plugin's folder")
      .argument('[folder]', 'folder with a plugin.json', '.'),
  );
export type CheckPluginFlags = FlagsOf<typeof check>;

const change = (name: 'enable' | 'disable' | 'reload', description: string) =>
  withConfiguration(new Command(name).description(description).argument('<id>', 'the plugin'));
export type ChangePluginFlags = Readonly<ReturnType<ReturnType<typeof change>['opts']>>;

/** `easel plugins` and the commands below it. They take flags of `plugins` wherever those stand. */
export const pluginsCommand = (finish: Finish) =>
  list()
    .helpCommand(false)
    .action(async (flags) => finish(await (await import('./list.js')).listPlugins(flags)))
    .addCommand(
      create().action(async (id, _, command) =>
        finish(await (await import('./new.js')).newPlugin(id, command.optsWithGlobals())),
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
