import { Command } from '@commander-js/extra-typings';
import { type Finish, type FlagsOf, withConfiguration } from '../options.js';

const create = () =>
  withConfiguration(
    new Command('create')
      .description('make a key; from the first one on the server asks for one')
      .argument('<name>', 'whose it is')
      .option('--scope <scopes...>', 'generate, read, priority, admin (absent: generate read)')
      .option('--per-minute <count>', 'requests a minute (absent: no limit)')
      .option('--concurrency <count>', 'calls at once (absent: no limit)'),
  );
export type CreateKeyFlags = FlagsOf<typeof create>;

const list = () =>
  withConfiguration(new Command('list').description('list the keys, without their secret part'));
export type KeysFlags = FlagsOf<typeof list>;

const revoke = () =>
  withConfiguration(new Command('revoke').description('revoke a key').argument('<id>', 'id of the key'));

/** `easel keys` and the commands below it. */
export const keysCommand = (finish: Finish) =>
  new Command('keys')
    .description("the server's API keys")
    .helpCommand(false)
    .addCommand(
      create().action(async (name, flags) =>
        finish(await (await import('./keys.js')).createKey(name, flags)),
      ),
    )
    .addCommand(list().action(async (flags) => finish(await (await import('./keys.js')).listKeys(flags))))
    .addCommand(
      revoke().action(async (id, flags) => finish(await (await import('./keys.js')).revokeKey(id, flags))),
    );
