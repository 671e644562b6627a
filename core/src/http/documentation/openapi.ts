import { z } from 'zod';
import { coreVersion } from '../../version.js';
import type { Operation } from '../operation.js';
import { type AnswerName, answers } from './answers.js';

const reference = (name: AnswerName) => ({ $ref: `#/components/schemas/${name}` });

/** A schema that stands inside of the document. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return json;
}

/**
 * The OpenAPI 3.1 document, made of the schemas that the server itself parses with.
 *
 * @param prefix path under which a host app has the server, or nothing
 * @param operations of the routes that the server has, in the order in which people read of them
 */
export function openApiDocument(prefix: string, operations: readonly Operation[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    const name = pathOf(operation);
    const path = paths[name] ?? {};
    path[operation.method.toLowerCase()] = describeOperation(operation);
    paths[name] = path;
  }
  const schemas = Object.entries(answers).map(([name, schema]) => [name, schemaOf(schema, 'output')]);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Easel',
      version: coreVersion,
      description:
        'Pictures from words: one API in front of every image model. The Model Context Protocol is spoken at `/mcp`.',
    },
    servers: [{ url: prefix || '/' }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
      schemas: Object.fromEntries(schemas),
    },
  };
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'Makes it one call, however often it is sent.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

/** With `{name}` for what varies; a rest with slashes is an id. */
const pathOf = ({ path }: Operation): string => path.replace(/:(\w+)/g, '{$1}').replace(/\*$/, '{id}');

function parametersOf(operation: Operation): object[] {
  const { query, isCreating } = operation;
  const inPath = [...pathOf(operation).matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inQuery = Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    schema: schemaOf(schema as z.ZodType, 'input'),
  }));
  return [...inPath, ...inQuery, ...(isCreating ? [idempotencyKey] : [])];
}

function describeOperation(operation: Operation): object {
  const { tag, summary, status = 200, answer, accepted, unavailable, failure = 'failed', scope } = operation;
  const parameters = parametersOf(operation);
  const json = (name: AnswerName) => ({ 'application/json': { schema: reference(name) } });
  return {
    tags: [tag],
    summary,
    // Without keys, everybody may.
    security: scope === 'public' ? [{}] : [{}, { key: [scope] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(operation.body
      ? { requestBody: { required: true, content: contentOf(operation.body, operation) } }
      : {}),
    responses: {
      [status]: { description: summary, ...(answer ? { content: json(answer) } : {}) },
      ...(accepted ? { 202: { description: 'Accepted as a job.', content: json(accepted) } } : {}),
      ...(unavailable ? { 503: { description: 'Not now.', content: json(unavailable) } } : {}),
      default: { description: 'What went wrong, and what to do.', content: json(failure) },
    },
  };
}

function contentOf(body: z.ZodType, { files, references, example }: Operation): object {
  const schema = schemaOf(body, 'input') as { properties?: object };
  if (!files) return { 'application/json': { schema, ...(example ? { example } : {}) } };
  const parts = Object.fromEntries(files.map((name) => [name, { type: 'string', format: 'binary' }]));
  return {
    'multipart/form-data': { schema: { ...schema, properties: { ...schema.properties, ...parts } } },
    ...(references ? { 'application/json': { schema: schemaOf(references, 'input') } } : {}),
  };
}
