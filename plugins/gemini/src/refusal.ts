import { EaselError } from '@easel/plugin-sdk';
import { isRefused, type ModelAnswer, wordsOf } from './answer.js';

/**
 * Why an answer has not what was asked for: a refusal in Google's own words, or an answer that says nothing.
 */
export function whyNothing(answer: ModelAnswer, wanted: 'picture' | 'prompt'): EaselError {
  const { blockReason, blockReasonMessage } = answer.promptFeedback ?? {};
  if (blockReason !== undefined)
    return refused(`The prompt was blocked (${blockReason})`, blockReasonMessage ?? '');
  const { finishReason = 'none', finishMessage } = answer.candidates[0] ?? {};
  const words = finishMessage ?? wordsOf(answer);
  if (isRefused(answer)) return refused(`No ${wanted} was made (${finishReason})`, words);
  // A model that will not draw mostly says so, and stops as if all were well.
  if (wanted === 'picture' && finishReason === 'STOP' && words !== '')
    return refused('The model answered in words alone', words);
  return new EaselError({
    code: 'ERR_PROVIDER_BAD_RESPONSE',
    hint: finishReason === 'NO_IMAGE' ? missedHint : undefined,
    message: `Google answered without a ${wanted}; its reason to stop: ${finishReason}.${quote(words)}`,
  });
}

const missedHint = 'Send the call again, or begin the prompt with words such as "Draw an image of".';

const refused = (what: string, words: string) =>
  new EaselError({ code: 'ERR_CONTENT_REFUSED', message: `${what}.${quote(words)}` });

const quote = (words: string) => (words === '' ? '' : ` Google says: ${words}`);
