import type { FieldNames } from '../field-names.js';

/** What OpenAI's images API calls them. */
export const openAiFieldNames: FieldNames = {
  width: 'size',
  height: 'size',
  inputImages: 'image',
  previews: 'partial_images',
};
