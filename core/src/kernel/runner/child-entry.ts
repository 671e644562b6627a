/**
 * The main module of a plugin's process. It speaks the wire protocol on file descriptor 3; when that is
 * closed it ends, at once or, where its manifest says so, when it has finished what is paid.
 *
 * @module
 */
import { Socket } from 'node:net';
import { denyWorkers } from './deny-workers.js';
import { endWithParent } from './end-with-parent.js';
import { FramePort } from './frame-port.js';
import { workersFlag } from './permission-flags.js';
import { servePlugin } from './serve-plugin.js';

// What it keeps is its owner's alone.
process.umask(0o077);
const kernel = new Socket({ fd: 3 });
// Ctrl-C in a terminal, a terminal that is closed and a service manager reach every process of the group;
// when a plugin ends is the kernel's to say.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
// Whoever read them may be gone.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {});
const watchdog = endWithParent();
if (!process.argv.includes(workersFlag)) denyWorkers();
const plugin = servePlugin(new FramePort(kernel, 'plugin'), (status) => process.exit(status));
kernel.on('close', () => {
  const { finishMs } = plugin;
  if (finishMs === undefined) process.exit(0);
  watchdog.allow(finishMs);
  void plugin.finish().finally(() => process.exit(0));
});
