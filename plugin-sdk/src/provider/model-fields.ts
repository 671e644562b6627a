import { z } from 'zod';
import { EaselError } from '../errors.js';
import type { GenerationRequest } from '../generation.js';
import { jsonSchema } from '../json.js';
import type { Warning } from '../result.js';
import { fieldTableSchema, requestFields } from './fields.js';
import { type Price, priceSchema } from './price.js';

/** What catalogue entries say of models with fields of their own, to be spread into a plugin's `options`. */
export const modelOptions = {
  fields: fieldTableSchema
    .prefault({ size: { kind: 'none' } })
    .describe('The names of the fields of the model. Absent: it is sent the prompt, and what `input` has.'),
  imagesPerTask: z.int().min(1).max(32).default(1).describe('Images that one request makes. Absent: 1.'),
  input: z
    .record(z.string(), jsonSchema)
    .default({})
    .describe('More fields of its input, as the model knows them. Absent: none.'),
  price: priceSchema.optional().describe('What the model costs. Absent: unknown.'),
} as const;

const schema = z.strictObject(modelOptions);

/** A call in the words of a model, all but how it is sent. */
export interface FieldPlan {
  readonly asked: Readonly<{ [name: string]: unknown }>;
  /** The provider's id of the model. */
  readonly model: string;
  readonly imagesPerTask: number;
  readonly hasSeed: boolean;
  readonly price: Price | undefined;
  readonly warnings: readonly Warning[];
  /** The input of one task of the call. */
  inputOf(task: { readonly count: number; readonly seed?: number | undefined }): {
    readonly [name: string]: unknown;
  };
}

/**
 * What a call is by the field table of its model.
 *
 * @param provider its name, for people
 * @throws EaselError ERR_REQUEST_INVALID where the model is not one of a provider
 */
export function planByFields(
  provider: string,
  request: GenerationRequest,
  { fields: table, imagesPerTask, input, price }: z.output<typeof schema>,
): FieldPlan {
  const { id, source } = request.model;
  if (source.type !== 'provider')
    throw new EaselError({ code: 'ERR_REQUEST_INVALID', message: `"${id}" is not a model of ${provider}.` });
  const { fields, warnings } = requestFields(table, request);
  const asked = { ...input, ...fields };
  return {
    asked,
    model: source.id,
    imagesPerTask: table.count === undefined ? 1 : imagesPerTask,
    hasSeed: table.seed !== undefined,
    price,
    warnings,
    inputOf: ({ count, seed }) => ({
      ...asked,
      ...(table.count === undefined ? {} : { [table.count]: count }),
      ...(table.seed === undefined || seed === undefined ? {} : { [table.seed]: seed }),
    }),
  };
}

/**
 * Reads the answer that a task's id and addresses stand in.
 *
 * @param provider its name, for people
 * @throws EaselError ERR_PROVIDER_BAD_RESPONSE with `mayBePaid` where they are missing
 */
export function readTicket<Ticket>(provider: string, schema: z.ZodType<Ticket>, answer: unknown): Ticket {
  const { success, data } = schema.safeParse(answer);
  if (success) return data;
  throw new EaselError({
    code: 'ERR_PROVIDER_BAD_RESPONSE',
    message: `${provider} has answered a request without its id. The image may have been paid.`,
    mayBePaid: true,
  });
}
