import { EaselError, type ErrorCode, type Manifest } from '@easel/plugin-sdk';
import type { RunnerCall } from '../runner/runner.js';

/** What a runner tells of a call besides its answer. */
export type Watch = Pick<RunnerCall, 'onHandedOver' | 'onClassified'>;

/**
 * Failures that come of the kernel, or of a plugin that has not classified them: they leave open what became
 * of a request.
 */
const open: ReadonlySet<ErrorCode> = new Set([
  'ERR_PLUGIN_CRASHED',
  'ERR_PLUGIN_STALLED',
  'ERR_PLUGIN_PROTOCOL',
  'ERR_PLUGIN_FAILED',
  'ERR_PLUGIN_DISABLED',
  'ERR_KERNEL_CLOSED',
  'ERR_DEADLINE',
  'ERR_ABORTED',
]);

/**
 * The same where an earlier try of the call, which was cut off, was handed to the plugin, and this one did
 * not reach it.
 */
const unreached: ReadonlySet<ErrorCode> = new Set([
  'ERR_PLUGIN_START_FAILED',
  'ERR_PLUGIN_QUARANTINED',
  'ERR_CIRCUIT_OPEN',
  'ERR_QUEUE_FULL',
]);

const hint =
  'Look into the account with the provider before you make the call anew. Under the same id (`requestId`) the plugin takes up what it can.';

/** Whether the calls of a plugin cost money. */
export const isPaid = ({ pays, permissions }: Pick<Manifest, 'pays' | 'permissions'>): boolean =>
  pays ?? permissions.secrets.length + permissions.optionalSecrets.length > 0;

/**
 * Makes a call. Where the plugin pays, was handed it and has not said itself what became of it, its failure
 * counts as one of a call that may have been paid, so that nobody else is paid for it as well.
 *
 * @param wasHandedOver whether an earlier try of the call, which was cut off, was handed to the plugin
 */
export async function tellPaidRisk<T>(
  manifest: Manifest,
  wasHandedOver: boolean | undefined,
  make: (watch: Watch) => Promise<T>,
): Promise<T> {
  let isHandedOver = false;
  let isClassified = false;
  const watch = {
    onHandedOver() {
      isHandedOver = true;
    },
    onClassified() {
      isClassified = true;
    },
  };
  try {
    return await make(watch);
  } catch (error) {
    const isKnown = !EaselError.isInstance(error) || error.mayBePaid || isClassified;
    if (isKnown || !isPaid(manifest)) throw error;
    const isOpen = (isHandedOver || wasHandedOver) && open.has(error.code);
    const isUnreached = !isHandedOver && wasHandedOver && unreached.has(error.code);
    throw isOpen || isUnreached ? mayBePaid(error, manifest.id) : error;
  }
}

function mayBePaid({ code, field, retryAfterMs, message }: EaselError, plugin: string): EaselError {
  const said = message.includes('may have been paid') ? message : `${message} The call may have been paid.`;
  return new EaselError({ code, plugin, field, retryAfterMs, hint, message: said, mayBePaid: true });
}
