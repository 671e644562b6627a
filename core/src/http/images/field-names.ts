import type { FieldNames } from '../field-names.js';

/** What `/api/images/generate` and jobs call them. */
export const imageFieldNames: FieldNames = { width: 'size', height: 'size', outputFormat: 'image_type' };
