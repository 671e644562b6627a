/**
 * The closed error table. Every failure that leaves Easel, in the kernel, a plugin or a door, carries one of
 * these codes; retry, fallback and circuit breaking are decided from the row, and from whether the call may
 * have been paid. docs/errors.md repeats the table and a test compares the two.
 *
 * @module
 */

/**
 * Who has to act: the caller, the operator of the host, the plugin's author, the plugin's run, the provider
 * behind it, or the kernel.
 */
export type Fault = 'caller' | 'operator' | 'author' | 'plugin' | 'provider' | 'kernel';

export interface ErrorRow {
  readonly fault: Fault;
  /** Whether the same call may succeed on another route, or here a little later. */
  readonly retryable: boolean;
  /** Whether it counts against the plugin's circuit breaker. */
  readonly countsForBreaker: boolean;
  /** One sentence: what happened. */
  readonly summary: string;
  /** One sentence: what to do about it; an error may carry a more exact one. */
  readonly hint: string;
}

const row = (
  fault: Fault,
  policy: 'final' | 'retryable' | 'counted' | 'retryable, counted',
  summary: string,
  hint: string,
): ErrorRow => ({
  fault,
  retryable: policy.startsWith('retryable'),
  countsForBreaker: policy.endsWith('counted'),
  summary,
  hint,
});

export const errorTable = {
  ERR_REQUEST_INVALID: row(
    'caller',
    'final',
    'The request has a value that is missing, out of range or not supported.',
    'Correct the named field and send it again.',
  ),
  ERR_MODEL_UNKNOWN: row(
    'caller',
    'final',
    'No model of that id is in the catalogue.',
    'Use one of the listed ids; `easel models` shows them all.',
  ),
  ERR_MODEL_NOT_INSTALLED: row(
    'operator',
    'final',
    'The model is in the catalogue, and its files are not on this machine.',
    'Fetch it with `easel models install <id>`.',
  ),
  ERR_NO_ROUTE: row(
    'operator',
    'final',
    "No enabled plugin handles the model's pipeline type.",
    'Enable or install a plugin that handles it; `easel plugins` shows what each handles.',
  ),
  ERR_CONTENT_REFUSED: row(
    'caller',
    'final',
    'The provider refused the prompt or the picture on grounds of content.',
    "Word the prompt differently; the message carries the provider's own words.",
  ),
  ERR_BUDGET: row(
    'caller',
    'final',
    'The call would cost more than it may: than its `maxCost`, or than is left of a budget.',
    'Ask for less or allow more; a budget is full again on the next day (UTC).',
  ),
  ERR_ABORTED: row('caller', 'final', 'The caller cancelled the call.', 'Nothing to do.'),
  ERR_CONFIG_INVALID: row(
    'operator',
    'final',
    "The configuration, or a plugin's part of it, does not validate.",
    'Correct the named path in easel.config.json.',
  ),
  ERR_CATALOGUE_INVALID: row(
    'operator',
    'final',
    'A file of the model catalogue does not validate.',
    'Correct the named path in the named file.',
  ),
  ERR_MODEL_FILES_INVALID: row(
    'operator',
    'final',
    "The model's files are missing, cut short or of a kind that cannot be opened.",
    'Fetch the named file again, or point the catalogue entry at the right folder.',
  ),
  ERR_SECRET_MISSING: row(
    'operator',
    'final',
    'A secret that the plugin needs is not set.',
    'Set the named environment variable.',
  ),
  ERR_PROVIDER_AUTH: row(
    'operator',
    'final',
    'The provider refused the credentials.',
    'Check the key that the message names.',
  ),
  ERR_MANIFEST_INVALID: row(
    'author',
    'final',
    'A plugin.json cannot be read or does not validate.',
    'Correct the named path in the named file.',
  ),
  ERR_MANIFEST_DUPLICATE: row(
    'author',
    'final',
    'Two plugin folders claim the same id.',
    'Rename or remove one of the two folders.',
  ),
  ERR_API_INCOMPATIBLE: row(
    'author',
    'final',
    'The plugin and this kernel have no version of the contract in common.',
    'Update whichever of the two is older.',
  ),
  ERR_PLUGIN_PROTOCOL: row(
    'author',
    'counted',
    'The plugin answered something that is not of the contract.',
    "Report it to the plugin's author; the message says which field is wrong.",
  ),
  ERR_PLUGIN_FAILED: row(
    'plugin',
    'retryable, counted',
    'The plugin threw an error that it did not classify.',
    "Look at the plugin's log; its own message is quoted.",
  ),
  ERR_PLUGIN_START_FAILED: row(
    'plugin',
    'retryable, counted',
    'The plugin could not be started.',
    "Look at the plugin's log; its own message is quoted.",
  ),
  ERR_PLUGIN_CRASHED: row(
    'plugin',
    'retryable, counted',
    "The plugin's process ended in the middle of the call.",
    "Send the call again: the plugin is restarted; its last output is in the plugin's log.",
  ),
  ERR_PLUGIN_STALLED: row(
    'plugin',
    'retryable, counted',
    'The plugin stopped answering and was ended.',
    'Send the call again: the plugin is restarted.',
  ),
  ERR_PLUGIN_QUARANTINED: row(
    'plugin',
    'retryable',
    'The plugin crashed too often in a short time and is left alone for a while.',
    'Mend it, then enable it again; it is tried anew by itself after `retryAfterMs`.',
  ),
  ERR_PLUGIN_DISABLED: row(
    'operator',
    'retryable',
    'The plugin was disabled while the call was on its way.',
    'Enable it, or use another model.',
  ),
  ERR_PROVIDER_UNAVAILABLE: row(
    'provider',
    'retryable, counted',
    'The provider could not be reached or answered with a failure.',
    'Try again later.',
  ),
  ERR_PROVIDER_RATE_LIMITED: row(
    'provider',
    'retryable',
    'The provider asked for a pause.',
    'Wait for `retryAfterMs`, where the error has it.',
  ),
  ERR_PROVIDER_BAD_RESPONSE: row(
    'provider',
    'retryable, counted',
    'The provider answered something that its protocol does not allow.',
    'Try again later; if it stays, the provider has changed its protocol.',
  ),
  ERR_DEADLINE: row(
    'provider',
    'retryable, counted',
    'The call took longer than it was allowed.',
    'Allow more time with `timeoutMs`, or ask for less work.',
  ),
  ERR_CIRCUIT_OPEN: row(
    'kernel',
    'retryable',
    'The plugin failed too often and is being left alone for a while.',
    'Wait for `retryAfterMs`, or use another model.',
  ),
  ERR_QUEUE_FULL: row(
    'kernel',
    'retryable',
    'The plugin has as many calls waiting as it may have.',
    'Try again later, or raise `runtime.queue` in the manifest.',
  ),
  ERR_STORAGE: row(
    'operator',
    'retryable',
    'What the server keeps cannot be written or read now: the disk is full, or a database is locked, damaged or gone.',
    'Make room on, or access to, the path that the message names; work goes on by itself then.',
  ),
  ERR_KERNEL_CLOSED: row('kernel', 'final', 'The kernel has been closed.', 'Create a new one.'),
  ERR_INTERNAL: row(
    'kernel',
    'final',
    'Easel itself has a defect.',
    'Please report it with the message and the cause.',
  ),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;
export const errorCodes = Object.keys(errorTable) as ErrorCode[];
