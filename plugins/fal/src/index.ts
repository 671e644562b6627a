/**
 * Models at fal, through its queue: a request is answered with an id and addresses, by which it is asked
 * about, fetched and cancelled.
 *
 * @module
 */
import { EaselError } from '@easel/plugin-sdk';
import {
  addressSetting,
  defineTaskPlugin,
  modelOptions,
  planByFields,
  readTicket,
  Service,
  taskSettings,
  webhookSettings,
} from '@easel/plugin-sdk/provider';
import { z } from 'zod';
import { failures } from './failures.js';
import { readResult, statusSchema } from './result.js';
import { isSignedByFal, signingKeys } from './webhook.js';

const ticketSchema = z.object({
  request_id: z.string().min(1),
  // Those of the model without its path: they are not to be put together here.
  status_url: z.string(),
  response_url: z.string(),
  cancel_url: z.string(),
});
type Ticket = z.output<typeof ticketSchema>;

export default defineTaskPlugin({
  config: z.strictObject({
    ...taskSettings,
    ...webhookSettings,
    baseUrl: addressSetting('https://queue.fal.run', 'Where the queue is.'),
    webhookKeysUrl: addressSetting(
      'https://rest.fal.ai/.well-known/jwks.json',
      'Where the keys are that webhooks are signed with.',
    ),
  }),
  options: z.strictObject(modelOptions),
  open({ config, secrets }) {
    const { baseUrl, requestMs } = config;
    const headers = { authorization: `Key ${secrets.FAL_KEY}`, accept: 'application/json' };
    const service = new Service({ name: 'fal', baseUrl, headers, timeoutMs: requestMs, failures });
    const keys = signingKeys(config.webhookKeysUrl, requestMs);
    return {
      name: 'fal',
      ticketSchema,

      plan(request, options) {
        const plan = planByFields('fal', request, options);
        return {
          ...plan,
          async submit(task, signal) {
            const body = plan.inputOf(task);
            const told = task.webhookUrl ? `?fal_webhook=${encodeURIComponent(task.webhookUrl)}` : '';
            const { json } = await service.ask({ url: `${plan.model}${told}`, body, signal, pays: true });
            return readTicket('fal', ticketSchema, json);
          },
        };
      },

      async poll(ticket, signal) {
        const answer = await service.ask({ url: ticket.status_url, signal, takesFailures: true });
        if (answer.status === 404) return { kind: 'failed', failure: gone(ticket) };
        const status = statusSchema.safeParse(answer.json).data;
        if (!status) throw service.failureOf(answer);
        if (status.status !== 'COMPLETED') return { kind: 'waiting' };
        const result = await service.ask({ url: ticket.response_url, signal, takesFailures: true });
        // The model's own answer, with its own status: it has ended.
        if (result.status === 404) return { kind: 'failed', failure: gone(ticket) };
        if (result.status === 200) return readResult(result.json);
        const failure = service.failureOf(result);
        // What may pass is asked again, unless the status has said that the model itself has failed: a task
        // is not paid twice for it.
        if (failure.retryable && !status.error) throw failure;
        return { kind: 'failed', failure };
      },

      async cancel({ cancel_url: url }, signal) {
        await service.ask({ url, method: 'PUT', signal });
      },

      isGenuine: (webhook) => keys.verify((known) => isSignedByFal(webhook, known)),
    };
  },
});

const gone = ({ request_id: id }: Ticket) =>
  new EaselError({
    code: 'ERR_PROVIDER_BAD_RESPONSE',
    message: `fal does not know request ${id} any more; it keeps results for minutes. It may have been paid.`,
    mayBePaid: true,
  });
