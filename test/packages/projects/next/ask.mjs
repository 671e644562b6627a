/** Starts the app that `next build` has built, asks it for an image, and ends it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const words = ['node_modules/next/dist/bin/next', 'start', '-p', '0', '-H', '127.0.0.1'];
const server = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
for await (const line of createInterface({ input: server.stdout })) {
  const [, origin] = /Local:\s+(http:\S+)/.exec(line) ?? [];
  if (!origin) continue;
  const body = JSON.stringify({ prompt: 'a yellow star' });
  let answer;
  while (!answer)
    answer = await fetch(`${origin}/api/image`, { method: 'POST', body }).catch(() => undefined);
  console.log(
    answer.status,
    answer.headers.get('content-type'),
    (await answer.arrayBuffer()).byteLength > 100,
  );
  break;
}
server.kill();
await once(server, 'close');
