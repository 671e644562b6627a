import { z } from 'zod';
import type { EaselError } from '../errors.js';
import { jsonSchema } from '../json.js';
import { costSchema } from '../result.js';
import type { Webhook } from '../webhook.js';

/** What is known of the images of a task besides their bytes. */
export const taskDetailsSchema = z.object({
  /** In their order. Absent: not told. */
  seeds: z.array(z.int().nonnegative()).optional(),
  /** What the task cost. Absent: not told. */
  cost: costSchema.optional(),
  /** Seconds of computing that are paid. Absent: not told. */
  seconds: z.number().nonnegative().optional(),
  /** Sentences for people, such as on an image that was held back. Absent: none. */
  warnings: z.array(z.string()).optional(),
  /** What the provider chose. Absent: nothing to tell. */
  parameters: z.record(z.string(), jsonSchema).optional(),
});
export type TaskDetails = z.output<typeof taskDetailsSchema>;

/** Where an image is: at an address, which may be a data URI, or in the answer itself. */
export type ImageSource = { readonly url: string } | { readonly base64: string };

/** How a task is. */
export type TaskState =
  | {
      readonly kind: 'waiting';
      /** 0 to 1 of it. Absent: not told. */
      readonly fraction?: number | undefined;
      /** Milliseconds after which it is worth asking again. Absent: not told. */
      readonly pauseMs?: number | undefined;
    }
  | { readonly kind: 'made'; readonly images: readonly ImageSource[]; readonly details: TaskDetails }
  /** It has ended without images; `mayBePaid` where that is so. */
  | { readonly kind: 'failed'; readonly failure: EaselError };

/** How tasks of a provider are asked about. */
export interface TaskDriver<Ticket> {
  /** The provider, as people call it. */
  readonly name: string;
  /** What it answers when it takes a task: JSON, all that is needed to ask for it. */
  readonly ticketSchema: z.ZodType<Ticket>;
  /** Asks how a task is. Rejects with an EaselError where that cannot be told now. */
  poll(ticket: Ticket, signal: AbortSignal): Promise<TaskState>;
  /** Tells the provider that nobody wants a task any more. Absent: it cannot be told. */
  cancel?(ticket: Ticket, signal: AbortSignal): Promise<void>;
  /** Tells the provider that the images have been received, and need not be kept. Absent: it is not told. */
  forget?(ticket: Ticket, signal: AbortSignal): Promise<void>;
  /**
   * Whether a webhook of a task that is waited for comes from the provider. The task is asked about at once
   * then; what the webhook says of it is not believed. Absent: tasks are asked about alone.
   */
  isGenuine?(webhook: Webhook): Promise<boolean>;
}
