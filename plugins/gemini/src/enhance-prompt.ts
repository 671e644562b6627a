import { EaselError } from '@easel/plugin-sdk';
import type { PaidCall } from '@easel/plugin-sdk/paid';
import { Type } from '@google/genai';
import { z } from 'zod';
import { answerSchema, wordsOf } from './answer.js';
import type { Used } from './cost.js';
import type { Means } from './means.js';
import { whyNothing } from './refusal.js';
import type { Options } from './settings.js';

const usualInstruction = [
  'You word prompts for an image generation model.',
  'Rewrite the prompt of the user so that it describes one picture in more detail: subject, surroundings, light, colours, composition, style.',
  'Keep its meaning, its language, all names and every text in quotation marks as they are; add nothing that contradicts it.',
  'Write at most 120 words of flowing text, and only the prompt itself.',
].join(' ');

const enhancedSchema = z.object({ prompt: z.string().trim().min(1).max(32_000) });

export interface Enhanced extends Used {
  readonly prompt: string;
}

/**
 * Lets a text model word a prompt anew. The answer is JSON with one field, so that no "Sure, here is" gets
 * into it.
 *
 * @param wording the prompt, and the fingerprint of what it is for
 * @throws ERR_REQUEST_INVALID where the model's catalogue file names no text model, and what
 * {@link PaidRequests.ask} and {@link GeminiClient.generate} throw
 */
export async function enhancePrompt(
  { client, requests }: Pick<Means, 'client' | 'requests'>,
  { prompt, fingerprint }: { readonly prompt: string; readonly fingerprint: string },
  { textModel, enhanceInstruction = usualInstruction }: Pick<Options, 'textModel' | 'enhanceInstruction'>,
  call: PaidCall,
): Promise<Enhanced> {
  if (!textModel)
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: 'enhancePrompt: there is no text model that could do it.',
      hint: "Name one as `options.textModel` in the model's catalogue file.",
    });
  const config = {
    systemInstruction: enhanceInstruction,
    responseMimeType: 'application/json',
    responseSchema: {
      type: Type.OBJECT,
      properties: { prompt: { type: Type.STRING, description: 'The prompt, worded anew.' } },
      required: ['prompt'],
    },
  };
  const contents = [{ role: 'user', parts: [{ text: prompt }] }];
  const { text } = await requests.ask(call, ['prompt', fingerprint], async (signal) => {
    const answer = await client.generate({ model: textModel.id, contents, config }, signal);
    if (wordsOf(answer) === '') throw whyNothing(answer, 'prompt');
    return JSON.stringify(answer);
  });
  const answer = answerSchema.parse(JSON.parse(text));
  return { prompt: readPrompt(wordsOf(answer)), usage: answer.usageMetadata, prices: textModel.prices };
}

function readPrompt(words: string): string {
  try {
    return enhancedSchema.parse(JSON.parse(words)).prompt;
  } catch (cause) {
    throw new EaselError({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
      message: 'The text model answered no prompt in the form that it was asked for.',
      cause,
    });
  }
}
