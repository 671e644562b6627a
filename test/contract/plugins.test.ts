/**
 * The suite that every plugin passes, over ours.
 *
 * @module
 */
import { readModel, testPlugin } from '@easel/plugin-sdk/testing';

const at = (relative: string) => new URL(`../../${relative}`, import.meta.url);

testPlugin({
  name: 'the steady fixture',
  folder: at('test/fixtures/plugins/steady/'),
  config: { greeting: 'hello' },
  refusedConfig: { greeting: 7 },
  model: readModel(at('test/fixtures/catalogue/steady.json')),
  slow: { options: { delayMs: 5_000 } },
});

testPlugin({
  name: 'local-diffusion',
  folder: at('plugins/local-diffusion/'),
  config: { threads: 2 },
  refusedConfig: { threads: 0 },
  model: readModel(at('models/catalogue/picturebook.json')),
  request: { prompt: 'a yellow star at night', width: 64, height: 64, steps: 2 },
  slow: { steps: 900 },
  failures: [{ request: { sampler: 'no-such-sampler' }, code: 'ERR_REQUEST_INVALID' }],
});
