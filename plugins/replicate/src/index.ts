/**
 * Models at Replicate: a prediction is created, asked about until it has ended, and its files are fetched.
 *
 * @module
 */
import { EaselError } from '@easel/plugin-sdk';
import {
  addressSetting,
  defineTaskPlugin,
  isStandardWebhook,
  modelOptions,
  planByFields,
  readTicket,
  Service,
  taskSettings,
  unusable,
  WebhookKeys,
  webhookSettings,
} from '@easel/plugin-sdk/provider';
import { z } from 'zod';
import { failures } from './failures.js';
import { predictionSchema, stateOf } from './prediction.js';

const ticketSchema = z.object({
  id: z.string().min(1),
  urls: z.object({ get: z.string(), cancel: z.string() }),
});
type Ticket = z.output<typeof ticketSchema>;

/** What webhooks are signed with, of whoever has the key. */
const secretSchema = z.object({ key: z.string().startsWith('whsec_') });

export default defineTaskPlugin({
  config: z.strictObject({
    ...taskSettings,
    ...webhookSettings,
    baseUrl: addressSetting('https://api.replicate.com/v1', 'Where the API is, with the version.'),
  }),
  options: z.strictObject(modelOptions),
  open({ config, secrets }) {
    const { baseUrl, requestMs } = config;
    const headers = { authorization: `Bearer ${secrets.REPLICATE_API_TOKEN}`, accept: 'application/json' };
    const service = new Service({ name: 'Replicate', baseUrl, headers, timeoutMs: requestMs, failures });
    const signing = new WebhookKeys(async () => {
      const { json } = await service.ask({
        url: 'webhooks/default/secret',
        signal: new AbortController().signal,
      });
      const { success, data } = secretSchema.safeParse(json);
      if (!success) throw unusable('Replicate', 'it has no secret of webhooks', false);
      return data.key;
    });
    return {
      name: 'Replicate',
      ticketSchema,

      plan(request, options) {
        const plan = planByFields('Replicate', request, options);
        const [model = plan.model, version] = plan.model.split(':');
        return {
          ...plan,
          async submit(task, signal) {
            // A model of Replicate's own has no version to be named.
            const url = version === undefined ? `models/${model}/predictions` : 'predictions';
            const body = {
              ...(version === undefined ? {} : { version }),
              input: plan.inputOf(task),
              ...(task.webhookUrl ? { webhook: task.webhookUrl, webhook_events_filter: ['completed'] } : {}),
            };
            const { json } = await service.ask({ url, body, signal, pays: true });
            return readTicket('Replicate', ticketSchema, json);
          },
        };
      },

      async poll(ticket, signal) {
        const answer = await service.ask({ url: ticket.urls.get, signal, takesFailures: true });
        if (answer.status === 404) return { kind: 'failed', failure: gone(ticket) };
        const { success, data } = predictionSchema.safeParse(answer.json);
        if (!success || answer.status >= 300) throw service.failureOf(answer);
        return stateOf(data);
      },

      async cancel({ urls }, signal) {
        await service.ask({ url: urls.cancel, method: 'POST', signal });
      },

      isGenuine: (webhook) => signing.verify((key) => isStandardWebhook(webhook, key)),
    };
  },
});

const gone = ({ id }: Ticket) =>
  new EaselError({
    code: 'ERR_PROVIDER_BAD_RESPONSE',
    message: `Replicate does not know prediction ${id} any more. It may have been paid.`,
    mayBePaid: true,
  });
