/**
 * Complaints in Runware's form, runware.ai/docs/platform/errors.
 *
 * @module
 */

export interface RunwareError {
  readonly code: string;
  readonly message: string;
  readonly parameter?: string | readonly string[];
  readonly type?: string;
  readonly taskType?: string;
  readonly taskUUID?: string;
  readonly status?: 'error';
  readonly documentation?: string;
  readonly min?: number;
  readonly max?: number;
}

/** The answer to a key that is none. */
export const invalidApiKey: RunwareError = {
  code: 'invalidApiKey',
  message: 'Invalid API key. Get one at https://my.runware.ai/signup',
  parameter: 'apiKey',
  type: 'string',
  taskType: 'authentication',
};

export const missingApiKey: RunwareError = {
  code: 'missingApiKey',
  message: 'The first message must be an authentication.',
  parameter: 'apiKey',
  type: 'string',
  taskType: 'authentication',
};

export const conflict = (taskUUID: string): RunwareError => ({
  code: 'conflictTaskUUID',
  message: 'A task with this taskUUID has been submitted already.',
  parameter: 'taskUUID',
  type: 'string',
  taskUUID,
});

export const taskNotFound = (taskUUID: string): RunwareError => ({
  code: 'taskNotFound',
  message: 'No task with this taskUUID was found.',
  parameter: 'taskUUID',
  taskType: 'getResponse',
  taskUUID,
});

/** Refused by the maker of a model, on grounds of content. */
export const contentRefused: RunwareError = {
  code: 'providerContentPolicyViolation',
  message: 'The provider refused the prompt because of its content policy.',
};

export const rateLimited: RunwareError = { code: 'rateLimitExceeded', message: 'Too many requests.' };

export const noCredits: RunwareError = {
  code: 'insufficientCredits',
  message: 'The balance of the account is not sufficient.',
};

export const timedOut: RunwareError = {
  code: 'timeoutProvider',
  message: 'The external provider did not respond within the timeout window.',
};

export const internalError: RunwareError = { code: 'internalServerError', message: 'Something went wrong.' };
