/**
 * FLUX at Black Forest Labs: a task is begun, and asked about at the address that its answer names, which may
 * be in another region.
 *
 * @module
 */
import {
  addressSetting,
  defineTaskPlugin,
  modelOptions,
  planByFields,
  readTicket,
  Service,
  taskSettings,
} from '@easel/plugin-sdk/provider';
import { z } from 'zod';
import { failures } from './failures.js';
import { answerSchema, stateOf } from './state.js';

const ticketSchema = z.object({
  id: z.string().min(1),
  polling_url: z.string(),
  /** Credits. */
  cost: z.number().nonnegative().nullish(),
});

export default defineTaskPlugin({
  config: z.strictObject({
    ...taskSettings,
    baseUrl: addressSetting(
      'https://api.bfl.ai/v1',
      'Where the API is, with the version, such as https://api.eu.bfl.ai/v1 to stay in the EU.',
    ),
  }),
  options: z.strictObject(modelOptions),
  open({ config, secrets }) {
    const { baseUrl, requestMs } = config;
    const name = 'Black Forest Labs';
    const headers = { 'x-key': secrets.BFL_API_KEY ?? '', accept: 'application/json' };
    // Tasks are asked about at the region that makes them.
    const hosts = ['.bfl.ai'];
    const service = new Service({ name, baseUrl, headers, timeoutMs: requestMs, failures, hosts });
    return {
      name,
      ticketSchema,

      plan(request, options) {
        const plan = planByFields(name, request, options);
        return {
          ...plan,
          async submit(task, signal) {
            const body = plan.inputOf(task);
            const { json } = await service.ask({ url: plan.model, body, signal, pays: true });
            return readTicket(name, ticketSchema, json);
          },
        };
      },

      async poll({ polling_url: url, cost }, signal) {
        const answer = await service.ask({ url, signal, takesFailures: true });
        const { success, data } = answerSchema.safeParse(answer.json);
        if (success && data.status !== undefined && data.status !== null && answer.status < 500)
          return stateOf(data, cost);
        if (answer.status === 404) return stateOf({ status: 'Task not found', details: undefined }, cost);
        throw service.failureOf(answer);
      },
    };
  },
});
