/**
 * The wire protocols 1 and 2, between the kernel and a plugin's process or thread. The kernel sends commands;
 * each is acknowledged at once and answered once, by a result or an error; a start's result is what the
 * plugin tells of itself, a ping's its resident memory in bytes. In protocol 2 the result of a `generate` is
 * followed by a receipt from the kernel. Everything that comes from a plugin is parsed before it is believed.
 *
 * @module
 */
import { errorCodes, type GenerationRequest, progressSchema, type Webhook } from '@easel/plugin-sdk';
import { z } from 'zod';

/** From this version on the kernel tells whether a result has been received. */
export const receiptsSince = 2;

/** What a plugin needs to start. */
export interface StartPayload {
  /** Its id, for messages. */
  readonly plugin: string;
  /** The wire protocol that is spoken. */
  readonly protocol: number;
  /** Absolute path of the plugin's folder. */
  readonly folder: string;
  /** Absolute path of its ES module. */
  readonly entry: string;
  /** Whether it has no `node_modules` with the SDK, and is given the kernel's. */
  readonly lacksSdk: boolean;
  /** Whether its code is only to be loaded and checked, and nothing to be started. Absent: no. */
  readonly onlyLoad?: boolean | undefined;
  readonly config: unknown;
  readonly secrets: Readonly<Record<string, string>>;
  /** Absolute path of the folder that it may write to. Absent: it has none. */
  readonly storageFolder?: string | undefined;
  /** Address below which the server takes webhooks for it. Absent: there is none. */
  readonly webhookUrl?: string | undefined;
  readonly logLinesPerSecond: number;
  /**
   * Milliseconds that its process may go on when the wire is closed, to finish what is paid. Absent: none.
   */
  readonly finishMs?: number | undefined;
}

/** What a plugin tells of itself when it has started. */
export const startedSchema = z.object({
  device: z.string().max(200).optional(),
  /** Whether it answers `plan`. Absent: it does not, and is not asked. */
  plansMemory: z.boolean().optional(),
  /** Whether it answers `estimate`. Absent: it does not, and is not asked. */
  estimatesCost: z.boolean().optional(),
  /** Whether it takes `webhook`. Absent: it does not, and is sent none. */
  takesWebhooks: z.boolean().optional(),
});
export type Started = z.output<typeof startedSchema>;

export type Command =
  | { readonly type: 'start'; readonly id: number; readonly payload: StartPayload }
  | { readonly type: 'generate'; readonly id: number; readonly payload: GenerationRequest }
  | { readonly type: 'plan'; readonly id: number; readonly payload: GenerationRequest }
  | { readonly type: 'estimate'; readonly id: number; readonly payload: GenerationRequest }
  | { readonly type: 'webhook'; readonly id: number; readonly payload: Webhook }
  | { readonly type: 'probe'; readonly id: number }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'stop'; readonly id: number };

/** Asks for the end of a `generate`; it is still answered. */
export interface Cancellation {
  readonly type: 'cancel';
  readonly id: number;
}

/** Follows the result of a `generate`: whether whoever asked has it safely. */
export interface Receipt {
  readonly type: 'receipt';
  readonly id: number;
  readonly isReceived: boolean;
}

const id = z.int().nonnegative();

export const wireErrorSchema = z.object({
  code: z.enum(errorCodes),
  message: z.string(),
  hint: z.string().optional(),
  field: z.string().max(1_000).optional(),
  retryAfterMs: z.number().nonnegative().optional(),
  mayBePaid: z.boolean().optional(),
});
export type WireError = z.infer<typeof wireErrorSchema>;

export const replySchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('acknowledge'), id }),
  z.object({ type: z.literal('progress'), id, progress: progressSchema }),
  // After a cancellation: in how many milliseconds the work can stop.
  z.object({ type: z.literal('stopping'), id, milliseconds: z.number().nonnegative() }),
  z.object({ type: z.literal('result'), id, value: z.unknown().optional() }),
  z.object({ type: z.literal('error'), id, error: wireErrorSchema }),
  z.object({
    type: z.literal('log'),
    level: z.enum(['debug', 'info', 'warn', 'error']),
    message: z.string(),
    details: z.record(z.string(), z.json()).optional(),
  }),
]);
export type Reply = z.infer<typeof replySchema>;
