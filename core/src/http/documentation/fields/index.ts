/**
 * What becomes of each field of each API: the tables of docs/http-fields.md, a file an API. A field that a
 * schema has and no table does not compile.
 *
 * @module
 */
import { automaticTable } from './automatic1111.js';
import { comfyTable } from './comfyui.js';
import { easelTable } from './easel.js';
import type { FieldTable } from './field-effect.js';
import { mcpTable } from './mcp.js';
import { ollamaTable } from './ollama.js';
import { openAiTable } from './openai.js';
import { sdcppTable } from './sdcpp.js';

export type { FieldEffect, FieldTable } from './field-effect.js';
export const fieldTables = {
  easel: easelTable,
  openai: openAiTable,
  automatic1111: automaticTable,
  ollama: ollamaTable,
  comfyui: comfyTable,
  sdcpp: sdcppTable,
  mcp: mcpTable,
} satisfies Record<string, FieldTable>;
