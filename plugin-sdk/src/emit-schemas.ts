/** Writes the JSON Schemas that editors use for `plugin.json` and catalogue files; part of the build. */
import { mkdir, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { manifestSchema } from './manifest.js';
import { modelSchema } from './model.js';

const folder = new URL('../dist/schemas/', import.meta.url);
await mkdir(folder, { recursive: true });
for (const [name, schema] of Object.entries({ plugin: manifestSchema, model: modelSchema })) {
  const jsonSchema = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  await writeFile(new URL(`${name}.schema.json`, folder), `${JSON.stringify(jsonSchema, null, 2)}\n`);
}
