export { type OpenAiBatchClient, type OpenAiBatchOptions, openAiBatchDriver } from './driver.js';
export { batchSchema, fileSchema, imagesSchema, listSchema, type OpenAiBatch } from './wire.js';
