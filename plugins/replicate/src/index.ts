/**
 * Models at Replicate: a prediction is created, asked about until it has ended, and its files are fetched.
 *
 * @module
 */
import { EaselError, jsonSchema } from '@easel/plugin-sdk';
import {
  defineTaskPlugin,
  fieldTableSchema,
  priceSchema,
  requestFields,
  Service,
  taskSettings,
} from '@easel/plugin-sdk/provider';
import { z } from 'zod';
import { failures } from './failures.js';
import { predictionSchema, stateOf } from './prediction.js';

const ticketSchema = z.object({
  id: z.string().min(1),
  urls: z.object({ get: z.string(), cancel: z.string() }),
});
type Ticket = z.output<typeof ticketSchema>;

export default defineTaskPlugin({
  config: z.strictObject({
    ...taskSettings,
    baseUrl: z
      .url({ protocol: /^https?$/ })
      .default('https://api.replicate.com/v1')
      .describe('Where the API is, with the version. Absent: https://api.replicate.com/v1.'),
  }),
  options: z.strictObject({
    fields: fieldTableSchema.prefault({}).describe('The names of the fields of the model.'),
    imagesPerTask: z.int().min(1).max(32).default(1).describe('Images that one prediction makes. Absent: 1.'),
    input: z
      .record(z.string(), jsonSchema)
      .default({})
      .describe('More fields of its input, as the model knows them. Absent: none.'),
    price: priceSchema.optional().describe('What the model costs. Absent: unknown.'),
  }),
  open({ config, secrets }) {
    const { baseUrl, requestMs } = config;
    const headers = { authorization: `Bearer ${secrets.REPLICATE_API_TOKEN}`, accept: 'application/json' };
    const service = new Service({ name: 'Replicate', baseUrl, headers, timeoutMs: requestMs, failures });
    return {
      name: 'Replicate',
      ticketSchema,

      plan(request, { fields: table, imagesPerTask, input, price }) {
        if (request.model.source.type !== 'provider')
          throw new EaselError({
            code: 'ERR_REQUEST_INVALID',
            message: `"${request.model.id}" is no model of Replicate.`,
          });
        const { id } = request.model.source;
        const [model = id, version] = id.split(':');
        const { fields, warnings } = requestFields(table, request);
        const asked = { ...input, ...fields };
        return {
          asked,
          model: id,
          imagesPerTask: table.count === undefined ? 1 : imagesPerTask,
          hasSeed: table.seed !== undefined,
          price,
          warnings,
          async submit({ count, seed }, signal): Promise<Ticket> {
            const own = {
              ...asked,
              ...(table.count === undefined ? {} : { [table.count]: count }),
              ...(table.seed === undefined || seed === undefined ? {} : { [table.seed]: seed }),
            };
            // A model of Replicate's own has no version to be named.
            const url = version === undefined ? `models/${model}/predictions` : 'predictions';
            const body = { ...(version === undefined ? {} : { version }), input: own };
            const { json } = await service.ask({ url, body, signal, pays: true });
            return readTicket(json);
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
    };
  },
});

function readTicket(json: unknown): Ticket {
  const { success, data } = ticketSchema.safeParse(json);
  if (success) return data;
  throw new EaselError({
    code: 'ERR_PROVIDER_BAD_RESPONSE',
    message:
      'Replicate has answered a request without the id of the prediction. The image may have been paid.',
    mayBePaid: true,
  });
}

const gone = ({ id }: Ticket) =>
  new EaselError({
    code: 'ERR_PROVIDER_BAD_RESPONSE',
    message: `Replicate does not know prediction ${id} any more. It may have been paid.`,
    mayBePaid: true,
  });
