import { Command } from '@commander-js/extra-typings';
import type { Finish } from '../options.js';
import { create, list, revoke, webhookSecret } from './flags.js';

/** `easel keys` and the commands below it. */
export const keysCommand = (finish: Finish) =>
  new Command('keys')
    .description("the server's API keys")
    .helpCommand(false)
    .action(async () => finish(await (await import('./keys.js')).listKeys({})))
    .addCommand(
      create().action(async (name, flags) =>
        finish(await (await import('./keys.js')).createKey(name, flags)),
      ),
    )
    .addCommand(list().action(async (flags) => finish(await (await import('./keys.js')).listKeys(flags))))
    .addCommand(
      revoke().action(async (id, flags) => finish(await (await import('./keys.js')).revokeKey(id, flags))),
    )
    .addCommand(
      webhookSecret().action(async (flags) =>
        finish(await (await import('./keys.js')).showWebhookSecret(flags)),
      ),
    );
