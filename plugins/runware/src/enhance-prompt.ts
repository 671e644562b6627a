import { createHash } from 'node:crypto';
import { EaselError, type GenerationRequest } from '@easel/plugin-sdk';
import type { Options } from './options.js';
import type { TaskBody } from './request/task-body.js';
import type { Done, TaskClient } from './tasks/task-client.js';

/** Characters that a prompt to be worded anew may have, runware.ai/docs/utilities/prompt-enhancement. */
const mostCharacters = 300;

export interface Enhanced {
  /** Absent: it stays as it was. */
  readonly prompt?: string;
  /** Why it stays as it was. Absent: it does not. */
  readonly problem?: string;
  /** US dollars. Absent: unknown, or nothing. */
  readonly cost?: number;
  /** Ends its task. Absent: there is none. */
  readonly end?: Done<unknown>['end'];
}

/**
 * Has a prompt worded anew, in more detail. What goes wrong with it keeps nobody from a picture, but for a
 * refused key and a cancelled call.
 */
export async function enhancePrompt(
  client: TaskClient,
  { prompt, requestId }: Pick<GenerationRequest, 'prompt' | 'requestId'>,
  {
    signal,
    ...options
  }: Pick<Options, 'enhanceModel' | 'enhanceMaxLength' | 'includeCost'> & {
    readonly signal: AbortSignal;
  },
): Promise<Enhanced> {
  if (prompt.length > mostCharacters)
    return { problem: `The prompt was not worded anew: it has more than ${mostCharacters} characters.` };
  const body: TaskBody = {
    taskType: 'promptEnhance',
    model: options.enhanceModel,
    prompt,
    promptMaxLength: options.enhanceMaxLength,
    promptVersions: 1,
    ...(options.includeCost ? { includeCost: true } : {}),
  };
  const fingerprint = createHash('sha256').update(JSON.stringify(body)).digest('hex');
  try {
    const { result, end } = await client.perform(
      {
        body,
        identity: { fingerprint, requestId, isRepeatable: false },
        count: 1,
        isResult: ({ text }) => text,
        signal,
      },
      async ({ items: [item] }) => item,
    );
    const { text = prompt, cost } = result ?? {};
    return { prompt: text, end, ...(cost === undefined ? {} : { cost }) };
  } catch (error) {
    const isFinal =
      !EaselError.isInstance(error) || ['ERR_PROVIDER_AUTH', 'ERR_ABORTED'].includes(error.code);
    if (isFinal) throw error;
    return { problem: `The prompt was not worded anew: ${error.message}` };
  }
}
