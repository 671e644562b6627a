// Two callers ask for images at once. They take turns, and one of them cancels its last call.
import { createImageServiceManager } from '@easel/core';

const prompts = {
  ada: ['a yellow star at night', 'a green tree in a meadow', 'a white boat at sea'],
  ben: ['a large pink heart', 'a red house'],
};
const manager = createImageServiceManager();
const cancelled = new AbortController();

const calls = Object.entries(prompts).flatMap(([caller, list]) =>
  list.map(async (prompt) => {
    const signal = prompt === 'a red house' ? cancelled.signal : undefined;
    try {
      const { timings } = await manager.generateImage({ prompt, seed: 7, steps: 8 }, { caller, signal });
      return `${caller}: ${prompt}: ${timings.total > 0 ? 'made' : 'not made'}`;
    } catch (error) {
      return `${caller}: ${prompt}: ${error.code}`;
    }
  }),
);
cancelled.abort();
for (const line of await Promise.all(calls)) console.log(line);
await manager.close();
