import type { FieldNames } from '../field-names.js';

/** What Ollama's API calls them. */
export const ollamaFieldNames: FieldNames = { inputImages: 'images', seed: 'options.seed' };
