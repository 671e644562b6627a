import type { FieldNames } from '../field-names.js';

/** What OpenAI's images API calls them. */
export const openAiFieldNames: FieldNames = {
  width: 'size',
  height: 'size',
  inputImages: 'image',
  outputQuality: 'output_compression',
  previews: 'partial_images',
  options: {
    background: 'background',
    inputFidelity: 'input_fidelity',
    moderation: 'moderation',
    quality: 'quality',
    style: 'style',
  },
};
