import { z } from 'zod';
import { coreVersion } from '../../version.js';
import { type AnswerName, answers } from './answers.js';
import { type Operation, operations } from './operations.js';

const reference = (name: AnswerName) => ({ $ref: `#/components/schemas/${name}` });

/** A schema that stands inside of the document. Only "any JSON" refers to itself (`z.json`), and is here what it means: anything. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, $defs: __, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  const text = JSON.stringify(json, (_name, value) =>
    typeof value?.$ref === 'string' && value.$ref.startsWith('#/$defs/') ? {} : value,
  );
  return JSON.parse(text) as object;
}

/** The OpenAPI 3.1 document, made of the schemas that the server itself parses with. */
export function openApiDocument(): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    const path = paths[operation.path] ?? {};
    path[operation.method] = describeOperation(operation);
    paths[operation.path] = path;
  }
  const schemas = Object.entries(answers).map(([name, schema]) => [name, schemaOf(schema, 'output')]);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Easel',
      version: coreVersion,
      description: 'Pictures from words: one API in front of every image model.',
    },
    security: [{}, { key: [] }],
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
      schemas: Object.fromEntries(schemas),
    },
  };
}

function describeOperation({ path, summary, body, files, status, answer, failure }: Operation): object {
  const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const json = (name: AnswerName) => ({ 'application/json': { schema: reference(name) } });
  return {
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body ? { requestBody: { required: true, content: contentOf(body, files) } } : {}),
    responses: {
      [status]: { description: summary, ...(answer ? { content: json(answer) } : {}) },
      default: { description: 'What went wrong, and what to do.', content: json(failure) },
    },
  };
}

function contentOf(body: z.ZodType, files: readonly string[] | undefined): object {
  const schema = schemaOf(body, 'input') as { properties?: object };
  if (!files) return { 'application/json': { schema } };
  const parts = Object.fromEntries(files.map((name) => [name, { type: 'string', format: 'binary' }]));
  return { 'multipart/form-data': { schema: { ...schema, properties: { ...schema.properties, ...parts } } } };
}
