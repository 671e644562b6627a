import { imageRequestSchema, jsonSchema, requestParameters, warningSchema } from '@easel/plugin-sdk';
import { z } from 'zod';
import type { UsedParameters } from './image-result.js';

/** Keyword of the PNG text that holds the document. */
export const provenanceKeyword = 'easel';
/** Keyword of the PNG text that other tools read too. */
export const parametersKeyword = 'parameters';

const parameter = imageRequestSchema.shape;

const embeddedParametersSchema = z.object({
  prompt: parameter.prompt,
  width: parameter.width.unwrap(),
  height: parameter.height.unwrap(),
  n: z.literal(1).describe('The file holds one picture, and these values make that one.'),
  ...requestParameters,
  options: z.record(z.string(), jsonSchema).optional().describe("The plugin's own options. Absent: none."),
});

/**
 * The `easel` text of a PNG file, as JSON. It holds nothing that differs between two equal calls: no times,
 * no durations, no ids, no hosts, and of the parameters only those that the contract knows (a plugin may tell
 * others that change from run to run).
 */
export const provenanceDocumentSchema = z.object({
  schema: z.literal(1).describe('Version of this document.'),
  easel: z.string().describe('Version of Easel that wrote it.'),
  model: parameter.model.unwrap(),
  pipelineType: z.string(),
  plugin: z.object({ id: z.string(), version: z.string() }),
  parameters: embeddedParametersSchema,
  warnings: z.array(warningSchema).describe('What was asked for and not done exactly so.'),
});
export type ProvenanceDocument = z.output<typeof provenanceDocumentSchema>;

const embeddedParameters = Object.entries(embeddedParametersSchema.shape);

/**
 * Of the values that made pictures, those that the contract knows and that are valid, for one picture of
 * them.
 */
export function knownParameters(
  used: UsedParameters,
  seed: number | undefined,
): ProvenanceDocument['parameters'] {
  const values: Readonly<Record<string, unknown>> = { ...used, n: 1, seed };
  const known: Record<string, unknown> = {};
  for (const [name, schema] of embeddedParameters) {
    if (values[name] === undefined) continue;
    const parsed = schema.safeParse(values[name]);
    if (parsed.success && parsed.data !== undefined) known[name] = sorted(parsed.data);
  }
  return known as ProvenanceDocument['parameters'];
}

/** Keys in one order, so that equal values are equal text. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
