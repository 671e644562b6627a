import { Command } from '@commander-js/extra-typings';
import { type FlagsOf, withConfiguration } from '../options.js';

export const create = () =>
  withConfiguration(
    new Command('create')
      .description('make a key; from the first one on the server asks for one')
      .argument('<name>', 'whose it is')
      .option('--scope <scopes...>', 'generate, read, priority, admin (absent: generate read)')
      .option('--per-minute <count>', 'requests a minute (absent: no limit)')
      .option('--concurrency <count>', 'calls at once (absent: no limit)')
      .option('--budget <dollars>', 'US dollars a day (absent: as server.budgetPerKey says)'),
  );
export type CreateKeyFlags = FlagsOf<typeof create>;

export const list = () =>
  withConfiguration(new Command('list').description('list the keys, without their secret part'));
export type KeysFlags = FlagsOf<typeof list>;

export const revoke = () =>
  withConfiguration(new Command('revoke').description('revoke a key').argument('<id>', 'id of the key'));

export const webhookSecret = () =>
  withConfiguration(
    new Command('webhook-secret').description('show what webhooks are signed with, for those who are told'),
  );
