import { readModel, testPlugin } from '@easel/plugin-sdk/testing';

testPlugin({
  name: 'plugin-ts',
  folder: new URL('..', import.meta.url),
  model: readModel(new URL('../model.json', import.meta.url)),
  refusedConfig: { brightness: 7 },
});
