/**
 * Durable batches: requests are gathered, written to disk before they are sent, found again after a crash at
 * any point, and paid once. A plugin brings a driver for its provider's wire.
 *
 * @module
 */
export { Batches, type BatchesOptions } from './batches.js';
export type { BatchCall, Delivery } from './call.js';
export * from './driver.js';
export * from './failures.js';
export type { Ask } from './line.js';
export * from './openai/index.js';
export { picturesOf } from './outcomes.js';
export { readLines } from './read-lines.js';
export { type BatchSettings, batchSettings, callName, pausesGrow, pausesShrink } from './settings.js';
