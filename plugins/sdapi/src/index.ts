/**
 * Servers that speak Automatic1111's API: its web UI, Forge, SD.Next, stable-diffusion.cpp, another Easel.
 *
 * @module
 */
import { definePlugin, EaselError } from '@easel/plugin-sdk';
import { blockOtherLoaders } from '@easel/plugin-sdk/images';
import { BackgroundWork, Service } from '@easel/plugin-sdk/provider';
import { failures } from './failures.js';
import { interrupt } from './follow.js';
import { generate } from './generate.js';
import { configSchema, optionsSchema } from './settings.js';

/** Milliseconds for what a server answers at once, though it may be busy with an image. */
const questionMs = 15_000;
/** Milliseconds that the work of calls which were cancelled has to be stopped in. */
const closeMs = 1_000;

export default definePlugin({
  config: configSchema,
  options: optionsSchema,
  async start({ config, secrets }) {
    await blockOtherLoaders();
    const { baseUrl, requestMs, progressMs } = config;
    const headers = headersOf(secrets.SDAPI_AUTH);
    const common = { name: `the server at ${new URL(baseUrl).host}`, baseUrl, headers, failures };
    const maker = new Service({ ...common, timeoutMs: requestMs });
    const service = new Service({ ...common, timeoutMs: questionMs });
    const background = new BackgroundWork();
    const onAbandoned = (taskId: string) =>
      background.begin(interrupt(service, taskId, progressMs, background.signal));
    return {
      generate: (request, call) => generate({ maker, service, config, onAbandoned }, request, call),
      async probe() {
        await service.ask({ url: 'sdapi/v1/options', signal: background.signal });
      },
      close: () => background.close(closeMs),
    };
  },
});

/** Of a server that was started with `--api-auth user:password`. */
function headersOf(secret: string | undefined): Readonly<Record<string, string>> {
  if (secret === undefined) return {};
  if (!/^[^:]+:./.test(secret))
    throw new EaselError({ code: 'ERR_CONFIG_INVALID', message: 'SDAPI_AUTH must be like user:password.' });
  return { authorization: `Basic ${Buffer.from(secret).toString('base64')}` };
}
