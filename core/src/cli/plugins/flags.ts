import { Command, Option } from '@commander-js/extra-typings';
import { type FlagsOf, withAnswerer, withConfiguration } from '../options.js';

export const list = (name: 'plugins' | 'list') =>
  withAnswerer(
    new Command(name)
      .description('list the plugins and their state')
      .argument('[id]', 'the only one that is listed'),
  );
export type ListPluginsFlags = FlagsOf<typeof list>;

export const create = () =>
  withConfiguration(
    new Command('new')
      .description('write the folder of a new plugin that works as it is')
      .argument('<id>', 'its id, kebab-case; the name of its folder')
      .addOption(
        new Option('--language <language>', 'what it is written in')
          .choices(['js', 'ts'] as const)
          .default('js' as const),
      )
      .addOption(
        new Option('--template <template>', 'what it begins as: one that paints, or a provider over HTTP')
          .choices(['plugin', 'http'] as const)
          .default('plugin' as const),
      )
      .option('--folder <folder>', 'folder of plugin folders', 'plugins'),
  );
export type NewPluginFlags = FlagsOf<typeof create>;

export const add = () =>
  withConfiguration(
    new Command('add')
      .description('install a package with a plugin, and approve what it asks for')
      .argument('<package>', 'what npm installs: a name, name@version, a tarball, a folder or a URL')
      .option('--yes', 'approve what it asks for without a question'),
  );
export type AddPluginFlags = FlagsOf<typeof add>;

export const check = () =>
  withConfiguration(
    new Command('check')
      .description("report every problem of a plugin's folder")
      .argument(
        '[folder]',
        'folder with a plugin.json, a folder of such folders, or the id of a plugin',
        '.',
      ),
  );
export type CheckPluginFlags = FlagsOf<typeof check>;

export const change = (name: 'enable' | 'disable' | 'reload', description: string) =>
  withConfiguration(new Command(name).description(description).argument('<id>', 'the plugin'));
export type ChangePluginFlags = Readonly<ReturnType<ReturnType<typeof change>['opts']>>;
