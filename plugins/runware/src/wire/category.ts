import { type Complaint, garbledCode } from './frame.js';

/**
 * What a complaint means for the task that it is about. `taken`: Runware had the task already, from a first
 * time that it was sent; `unknown-task`: it knows no such task, or no more; `late`: the work took longer than
 * Runware waits for it, and may go on.
 */
export type Category =
  | 'auth'
  | 'quota'
  | 'rate-limit'
  | 'refused'
  | 'late'
  | 'taken'
  | 'unknown-task'
  | 'unknown-model'
  | 'failing'
  | 'invalid'
  | 'garbled';

/**
 * Codes as the official client sorts them (Runware/runware-typescript, src/errors.ts, of 2026-07-22), which
 * knows them best: the documentation lists few, and says that they change. In this order, the first that fits
 * counts.
 */
const rules: readonly (readonly [RegExp, Category])[] = [
  [new RegExp(`^(${garbledCode}|unrecognizedResponse)$`), 'garbled'],
  [/^conflictTaskUUID$/, 'taken'],
  [/^(task(NotFound|FailedOrNotFound|Expired))$/, 'unknown-task'],
  [/Credits|Quota|Balance|^paymentRequired$/i, 'quota'],
  [/RateLimit|^tooManyRequests$/i, 'rate-limit'],
  [
    /^((provider)?contentPolicyViolation|(sensitive|unsafe|nsfw)Content(Detected)?|(prompt|image)Blocked|moderationFailed)$/i,
    'refused',
  ],
  [
    /ApiKey|^(unauthorized|forbidden|permissionDenied|insufficientPermissions|authenticationFailed|authFailed)$|^(invalid|missing)(Authentication|Credentials)$|^token(Expired|Invalid|Missing|Revoked)$|^(account|organization|workspace)(Suspended|Disabled)$/,
    'auth',
  ],
  // The official client looks for "Timeout" alone and misses `timeoutProvider`.
  [/timeout/i, 'late'],
  [/^(unknownModel|modelNotFound|modelExpired)$/, 'unknown-model'],
  [
    /^(internalServerError|service(Unavailable)?|serverUnavailable|standardError|unknownError|undefinedError|defaultError|inferenceError|processingFailed|taskFailed|taskCancelled|downloadFailed|uploadFailed|noAvailableServer|model(Unavailable|Disabled|NotReady)|mediaStorageFileCouldNotBeMoved|errorRetrievingAccountManagement)$|^provider/,
    'failing',
  ],
  [
    /^(invalid|missing|conflict|duplicate|unsupported|value|array|max|min|unknown|incompatible|mismatch)|NotFound$|^(validationFailed|transparentModelMismatch|modelOwnershipValidationError)$/,
    'invalid',
  ],
];

/** By its code, and where that says nothing by the status of the HTTP answer that it came with. */
export function categoryOf({ code, httpStatus, parameters }: Complaint): Category {
  const isVague = code === 'unknownError' || code === garbledCode;
  if (isVague && httpStatus !== undefined) return categoryOfStatus(httpStatus);
  const found = rules.find(([pattern]) => pattern.test(code))?.[1];
  if (found) return found;
  if (httpStatus !== undefined && httpStatus >= 400) return categoryOfStatus(httpStatus);
  return parameters.length > 0 ? 'invalid' : 'garbled';
}

function categoryOfStatus(status: number): Category {
  if (status === 401 || status === 403) return 'auth';
  if (status === 402) return 'quota';
  if (status === 429) return 'rate-limit';
  if (status === 408 || status >= 500) return 'failing';
  return status >= 400 ? 'invalid' : 'garbled';
}
