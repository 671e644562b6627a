import type { Warning } from '@easel/plugin-sdk';
import { z } from 'zod';
import { withoutAbsent } from '../request-fields.js';

const callSchema = z.looseObject({
  method: z.literal('tools/call'),
  params: z.looseObject({ arguments: z.record(z.string(), z.unknown()) }),
});
const progressSchema = z.object({
  params: z.object({ _meta: z.object({ progressToken: z.union([z.string(), z.number()]) }) }),
});
const cancelSchema = z.object({
  method: z.literal('notifications/cancelled'),
  params: z.object({ requestId: z.union([z.string(), z.number()]) }),
});

/** The messages of a body, of which there may be one or several. */
export const messagesOf = (body: unknown): readonly unknown[] => (Array.isArray(body) ? body : [body]);

/** A body whose calls of tools have no arguments that are null: models write them for what they leave out. */
export function withoutNullArguments(body: unknown): unknown {
  const messages = messagesOf(body).map((message) => {
    const { data: call } = callSchema.safeParse(message);
    if (!call) return message;
    return { ...call, params: { ...call.params, arguments: withoutAbsent(call.params.arguments) } };
  });
  return Array.isArray(body) ? messages : messages[0];
}

/** Whether a message asks to be told how far its call is. */
export const asksForProgress = (body: unknown): boolean =>
  messagesOf(body).some((message) => progressSchema.safeParse(message).success);

/** Ids of the calls that a body cancels. */
export const cancelledBy = (body: unknown): (string | number)[] =>
  messagesOf(body).flatMap((message) => cancelSchema.safeParse(message).data?.params.requestId ?? []);

export const isInitialize = (body: unknown): boolean =>
  messagesOf(body).some(
    (message) => z.object({ method: z.literal('initialize') }).safeParse(message).success,
  );

/** A warning for each argument that a tool does not have. */
export function warnOfUnknownArguments(shape: z.ZodRawShape, given: object): Warning[] {
  const names = Object.keys(given).filter((name) => !Object.hasOwn(shape, name));
  return names.slice(0, 40).map((name) => {
    const parameter = name.slice(0, 200);
    const message = `${parameter} had no effect: the tool has no such argument.`;
    return { code: 'parameter-dropped', parameter, message };
  });
}
