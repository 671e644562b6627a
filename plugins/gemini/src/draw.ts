import { EaselError } from '@easel/plugin-sdk';
import type { GenerateContentParameters } from '@google/genai';
import { isMissed, type ModelAnswer, picturesOf } from './answer.js';
import type { GeminiClient } from './client.js';
import { addUsage } from './cost.js';
import { whyNothing } from './refusal.js';

/**
 * One request for pictures, sent a second time where the model meant to draw and did not (`NO_IMAGE`). No
 * picture of the first is paid, but its prompt and its thoughts are: the answer counts the tokens of both.
 *
 * @param stop ends the request that is on its way
 * @param call of the caller; when it is over, nothing is sent a second time
 * @throws EaselError, as `GeminiClient.generate` does, or why there is no picture
 */
export async function draw(
  client: Pick<GeminiClient, 'generate'>,
  parameters: GenerateContentParameters,
  stop: AbortSignal,
  call: AbortSignal,
): Promise<ModelAnswer> {
  const first = await client.generate(parameters, stop);
  const answer = isMissed(first) && !call.aborted ? await again(client, parameters, stop, first) : first;
  if (picturesOf(answer).pictures.length === 0) throw whyNothing(answer, 'picture');
  return answer;
}

async function again(
  client: Pick<GeminiClient, 'generate'>,
  parameters: GenerateContentParameters,
  stop: AbortSignal,
  first: ModelAnswer,
): Promise<ModelAnswer> {
  try {
    const answer = await client.generate(parameters, stop);
    return { ...answer, usageMetadata: addUsage(first.usageMetadata, answer.usageMetadata) };
  } catch (error) {
    // A limit or an overload would have the kernel send the call again, and the model answer it a third time.
    if (EaselError.isInstance(error) && !error.mayBePaid && error.retryable)
      throw whyNothing(first, 'picture');
    throw error;
  }
}
