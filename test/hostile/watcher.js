/**
 * Runs on a thread of its own, so that what the test does is not measured: asks a server whether it is there,
 * again and again, and looks at its memory and that of its plugins.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

const { url, pid } = workerData;
const pauseMs = 100;
const pageBytes = 4_096;
const mebibyte = 1024 * 1024;
const agent = new Agent({ keepAlive: true });
const worst = { healthzMs: 0, failures: 0, asked: 0, serverMib: 0, withPluginsMib: 0 };
let isOver = false;

/**
 * Milliseconds that the server's thread has been able to run and has waited for a processor: proc(5),
 * schedstat.
 */
function waitedForProcessor() {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    // It has ended.
    return 0;
  }
}

/**
 * Milliseconds until it has answered, but for those that others had the processor; those of giving up where
 * it has not.
 */
const ask = () =>
  new Promise((resolve) => {
    const from = performance.now();
    const waited = waitedForProcessor();
    const end = (isFailure) => {
      if (isFailure) worst.failures++;
      resolve(performance.now() - from - Math.max(0, waitedForProcessor() - waited));
    };
    const request = get(`${url}/healthz`, { agent }, (response) => {
      response.resume();
      response.on('end', () => end(response.statusCode !== 200));
    });
    request.setTimeout(20_000, () => request.destroy(new Error('too late')));
    request.on('error', () => end(true));
  });

/** Parent and resident pages by process. */
function processes() {
  const found = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      const pages = Number(readFileSync(`/proc/${name}/statm`, 'utf8').split(' ')[1]);
      found.set(Number(name), { parent: Number(fields[1]), mib: (pages * pageBytes) / mebibyte });
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

function measureMemory() {
  const all = processes();
  const isOf = (id) => {
    for (let one = id; one > 1; one = all.get(one)?.parent ?? 0) if (one === pid) return true;
    return false;
  };
  const server = all.get(pid)?.mib ?? 0;
  const total = [...all].filter(([id]) => isOf(id)).reduce((sum, [, { mib }]) => sum + mib, 0);
  worst.serverMib = Math.max(worst.serverMib, Math.round(server));
  worst.withPluginsMib = Math.max(worst.withPluginsMib, Math.round(total));
}

parentPort.on('message', () => {
  isOver = true;
});
while (!isOver) {
  worst.healthzMs = Math.max(worst.healthzMs, Math.round(await ask()));
  worst.asked++;
  measureMemory();
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
}
agent.destroy();
parentPort.postMessage(worst);
