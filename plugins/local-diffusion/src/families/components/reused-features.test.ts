import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openComponent } from '../../checkpoint/component.js';
import { divideUnet } from '../../networks/unet/deep-features.js';
import { unetGraph } from '../../networks/unet/unet.js';
import type { Feed } from '../../session/network.js';
import { NetworkGroup } from '../../session/network-group.js';
import { NetworkMemory } from '../../session/network-memory.js';
import { spreadNumbers } from '../../session/self-test-cases.js';
import { reusingFeatures } from './reused-features.js';

const graph = unetGraph(
  await openComponent(fileURLToPath(new URL('../../../../../models/picturebook/unet', import.meta.url))),
);
const divided = divideUnet(graph)!;
const feed = (seed: number, ...shape: number[]): Feed => ({
  data: spreadNumbers(
    shape.reduce((one, other) => one * other),
    seed,
  ),
  shape,
});
const [sample, later] = [feed(1, 2, 4, 12, 12), feed(5, 2, 4, 12, 12)];
const told = { encoder_hidden_states: feed(2, 2, 7, 128) };

/** Counts what its networks run, by their names. */
function counted() {
  const networks = new NetworkGroup(new NetworkMemory({}));
  const runs: string[] = [];
  const place = {
    memoryBytes: networks.memoryBytes,
    add: (each: typeof graph) => {
      const network = networks.add(each);
      const run = network.run.bind(network);
      network.run = async (feeds, outputs) => {
        runs.push(each === divided.whole ? 'whole' : 'shallow');
        return await run(feeds, outputs);
      };
      return network;
    },
  };
  return { networks, place, runs };
}

const firstCall = { start: 0, end: 0.25 };

describe('a UNet whose deep features are used again', () => {
  test('runs the whole network at each third call, and where it is told something else', async () => {
    const { networks, place, runs } = counted();
    const predict = reusingFeatures(place, divided)(3);
    for (let call = 0; call < 4; call++) await predict(sample, 500, told, firstCall);
    await predict(sample, 500, { ...told }, firstCall);
    expect(runs).toEqual(['whole', 'shallow', 'shallow', 'whole', 'whole']);
    await networks.release();
  });

  test('makes the same of the same step, and heeds the latents of another', async () => {
    const { networks, place } = counted();
    const predict = reusingFeatures(place, divided)(3);
    const whole = await predict(sample, 500, told, firstCall);
    const again = await predict(sample, 500, told, firstCall);
    expect(Math.max(...whole.map((value, index) => Math.abs(value - again[index]!)))).toBeLessThan(1e-5);
    const other = await predict(later, 400, told, firstCall);
    expect(Math.max(...whole.map((value, index) => Math.abs(value - other[index]!)))).toBeGreaterThan(1e-2);
    await networks.release();
  });

  test('leaves little to do: the shallow graph has a fraction of the weights', () => {
    expect(divided.shallow.nodes.length).toBeLessThan(graph.nodes.length / 2);
    expect(divided.shallow.inputs.map(({ name }) => name)).toContain(divided.deep);
    expect(divided.whole.nodes).toBe(graph.nodes);
  });
});
