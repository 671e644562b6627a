import { createImageServiceManager, type ImageServiceManager } from '@easel/core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { findModel } from '../../core/src/http/find-model.js';

let manager: ImageServiceManager;
beforeAll(() => {
  manager = createImageServiceManager({ configuration: { pluginFolders: [], catalogueFolders: [] } });
});
afterAll(() => manager.close());

it('looks at the model of a request alone: each of the others would be a look at the disk', () => {
  expect(manager.getAvailableModels().length).toBeGreaterThan(20);
  const looks = vi.spyOn(manager, 'getAvailableModels');
  expect(findModel(manager, undefined)?.id).toBe(manager.currentModel);
  expect(findModel(manager, 'sd-turbo')?.id).toBe('sd-turbo');
  expect(looks.mock.results.flatMap(({ value }) => value)).toHaveLength(2);
});

it('knows a model that is in no catalogue by those of its type', () => {
  expect(findModel(manager, 'openai:gpt-image-9')).toMatchObject({
    id: 'openai:gpt-image-9',
    plugin: 'openai',
  });
  expect(findModel(manager, 'nobody:x')).toBeUndefined();
});
