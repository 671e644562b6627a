/**
 * The main module of a plugin's process. It speaks wire protocol 1 on file descriptor 3 and ends when that is closed.
 *
 * @module
 */
import { Socket } from 'node:net';
import { endWithParent } from './end-with-parent.js';
import { FramePort } from './frame-port.js';
import { servePlugin } from './serve-plugin.js';

const kernel = new Socket({ fd: 3 });
// Ctrl-C in a terminal reaches every process of the group; when a plugin ends is the kernel's to say.
process.on('SIGINT', () => {});
kernel.on('close', () => process.exit(0));
kernel.on('error', () => process.exit(1));
servePlugin(new FramePort(kernel), (status) => process.exit(status));
endWithParent();
