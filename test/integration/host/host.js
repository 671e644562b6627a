/**
 * An application that embeds two kernels, as a shop and its laboratory might, and reports whether it is still
 * itself afterwards.
 *
 * @module
 */
import { fileURLToPath } from 'node:url';
import { createImageServiceManager } from '@easel/core';

const fixtures = (folder) => fileURLToPath(new URL(`../../fixtures/${folder}`, import.meta.url));
const signals = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'exit',
  'beforeExit',
  'uncaughtException',
  'unhandledRejection',
];
const listeners = () => signals.map((name) => [name, process.listenerCount(name)]);
const before = { listeners: listeners(), environment: Object.keys(process.env) };

/** A kernel with a name, a logger and seeds of its own, and what it has said. */
function createKernel(name, seed) {
  const said = { logs: [], events: [] };
  const write = (message) => said.logs.push(message);
  const manager = createImageServiceManager({
    bundled: false,
    configuration: {
      pluginFolders: [fixtures('plugins')],
      catalogueFolders: [fixtures('seeded-catalogue')],
      plugins: { steady: { options: { greeting: `from the ${name}` } }, chaos: { enabled: false } },
    },
    environment: {},
    logger: { debug: write, info: write, warn: write, error: write },
    drawSeed: () => seed,
  });
  manager.on('plugin-ready', () => said.events.push('plugin-ready'));
  return { manager, said };
}

const shop = createKernel('shop', 11);
const lab = createKernel('lab', 22);
const [one, other] = await Promise.all(
  [shop, lab].map(({ manager }) => manager.generateImage({ prompt: 'a fixture' })),
);
const shopClosed = await shop.manager.close();
const after = await lab.manager.generateImage({ prompt: 'again' });
const refused = await shop.manager.generateImage({ prompt: 'too late' }).catch(({ code }) => code);
const labClosed = await lab.manager.close();
// Handles of processes that have ended close in the next turns.
await new Promise((resolve) => setTimeout(resolve, 50));

const report = {
  pictures: { shop: one.provenance.plugin.id, lab: other.provenance.plugin.id },
  seeds: { shop: one.provenance.parameters.seed, lab: other.provenance.parameters.seed },
  greetings: { shop: one.provenance.parameters.greeting, lab: other.provenance.parameters.greeting },
  logs: { shop: shop.said.logs, lab: lab.said.logs },
  events: { shop: shop.said.events, lab: lab.said.events },
  labAfterShopClosed: after.images.length === 1 ? 'a picture' : 'none',
  shopAfterClosed: refused,
  forced: { shop: shopClosed.forced, lab: labClosed.forced },
  newSignalListeners: listeners().filter(([name, count]) =>
    before.listeners.some(([known, counted]) => known === name && counted !== count),
  ),
  newEnvironment: Object.keys(process.env).filter((name) => !before.environment.includes(name)),
  leftResources: process
    .getActiveResourcesInfo()
    .filter((name) => /Process|Timeout|FSEvent|Worker/.test(name)),
  exitCode: process.exitCode ?? null,
};
process.stdout.write(JSON.stringify(report));
