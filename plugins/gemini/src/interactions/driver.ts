import { EaselError } from '@easel/plugin-sdk';
import type { TaskDriver, TaskState } from '@easel/plugin-sdk/provider';
import { z } from 'zod';
import { usageSchema } from '../answer.js';
import type { GeminiClient } from '../client.js';
import { asPassing } from '../failures.js';
import { whyNothing } from '../refusal.js';
import { type Interaction, interactionSchema, picturesOf, problemsOf, usageOf, wordsAnswer } from './wire.js';

export const ticketSchema = z.object({
  id: z.string(),
  /** Whether Google is to keep it when its picture has been received, for another one to go on from. */
  isKept: z.boolean(),
});
export type Ticket = z.output<typeof ticketSchema>;

/** What is kept of an interaction besides its pictures. */
export const toldSchema = z.object({
  id: z.string(),
  usage: usageSchema.nullable(),
  areThoughts: z.boolean(),
});
type Told = z.output<typeof toldSchema>;

/** Asks about interactions, ends them, and has them forgotten. */
export function createInteractionDriver(client: Pick<GeminiClient, 'request'>): TaskDriver<Ticket> {
  const pathOf = ({ id }: Ticket) => `interactions/${encodeURIComponent(id)}`;
  const aboutOf = ({ id }: Ticket) => ({ thing: `the interaction ${id}`, isToBeCancelled: true });
  return {
    name: 'Google',
    ticketSchema,

    async poll(ticket, signal) {
      const ask = { method: 'GET', path: pathOf(ticket) } as const;
      try {
        return stateOf(await client.request(aboutOf(ticket), interactionSchema, signal, ask));
      } catch (error) {
        // It says nothing of the interaction: it is asked for again.
        throw asPassing(error);
      }
    },

    async cancel(ticket, signal) {
      const ask = { method: 'POST', path: `${pathOf(ticket)}/cancel` } as const;
      await client.request(aboutOf(ticket), z.unknown(), signal, ask);
    },

    async forget(ticket, signal) {
      if (ticket.isKept) return;
      const ask = { method: 'DELETE', path: pathOf(ticket) } as const;
      await client.request(aboutOf(ticket), z.unknown(), signal, ask);
    },
  };
}

/** A status that nobody knows is an end: one that was waited for would never come. */
function stateOf(interaction: Interaction): TaskState {
  const { status } = interaction;
  if (status === 'in_progress' || status === 'queued') return { kind: 'waiting' };
  const { pictures, areThoughts } = picturesOf(interaction);
  const isOver = status === 'failed' || status === 'cancelled';
  if (pictures.length === 0 || isOver) return { kind: 'failed', failure: failureOf(interaction) };
  const told: Told = { id: interaction.id, usage: usageOf(interaction) ?? null, areThoughts };
  return { kind: 'made', images: pictures, details: { parameters: { ...told } } };
}

/** Words that Google has for what it holds back. */
const aboutContent = /safety|prohibited|polic(?:y|ies)|blocked|recitation|sensitive/i;

function failureOf(interaction: Interaction): EaselError {
  const { status, usage } = interaction;
  const words = problemsOf(interaction);
  if (status === 'completed' && words === '') return whyNothing(wordsAnswer(interaction), 'picture');
  const message = `Google has ended a picture as "${status}"${words === '' ? '' : `: ${words.slice(0, 500)}`}.`;
  if (aboutContent.test(words)) return new EaselError({ code: 'ERR_CONTENT_REFUSED', message });
  // Google charges nothing for what it fails itself: ai.google.dev/gemini-api/docs/billing.
  if (status === 'failed' && (usage?.total_output_tokens ?? 0) === 0)
    return new EaselError({ code: 'ERR_PROVIDER_UNAVAILABLE', message });
  return new EaselError({
    code: 'ERR_PROVIDER_BAD_RESPONSE',
    message: `${message} It may have been paid.`,
    mayBePaid: true,
  });
}
