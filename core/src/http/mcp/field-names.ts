import type { FieldNames } from '../field-names.js';

/** What the tools call them. */
export const mcpFieldNames: FieldNames = { width: 'size', height: 'size', inputImages: 'image' };
