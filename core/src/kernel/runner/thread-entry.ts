/**
 * The main module of a plugin's thread. It speaks wire protocol 1 with the thread that made it.
 *
 * @module
 */
import { parentPort } from 'node:worker_threads';
import { servePlugin } from './serve-plugin.js';
import { ThreadPort } from './thread-port.js';

if (!parentPort) throw new Error('thread-entry is the main module of a worker thread');
// In a worker this ends the thread alone.
servePlugin(new ThreadPort(parentPort), (status) => process.exit(status));
