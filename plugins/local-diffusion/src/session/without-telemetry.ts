/**
 * Switches off ONNX Runtime's telemetry. Without this, version 1.30 writes a device id and a database of
 * events below the home folder and a log into the temporary one as soon as the first session is created, and
 * looks up its collector's host half a minute later.
 *
 * Import it before ONNX Runtime. The library reads the variable by `getenv`, which sees what the main thread
 * sets and not what a worker thread sets: a worker's `process.env` is a copy. So the main thread of a worker
 * that loads ONNX Runtime imports this module as well.
 *
 * @module
 */
import { isMainThread } from 'node:worker_threads';

const variable = 'ORT_DISABLE_TELEMETRY';

if (isMainThread) {
  process.env[variable] = '1';
} else if (process.env[variable] !== '1') {
  throw new Error(
    'A worker thread cannot switch off the telemetry of ONNX Runtime. Import session/without-telemetry.js in the main thread before you start the worker.',
  );
}
