import type {
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
  RouteGenericInterface,
  RouteHandlerMethod,
} from 'fastify';
import type { z } from 'zod';
import type { RouteAccess } from './access/route-scope.js';
import type { AnswerName } from './documentation/answers.js';
import type { ErrorShape } from './error-shapes.js';

/** What the server does at a method and a path: the route is registered, guarded and documented by it. */
export interface Operation extends RouteAccess {
  /** The heading that people find it under. */
  readonly tag:
    | 'Pictures'
    | 'Jobs'
    | 'OpenAI'
    | 'Automatic1111'
    | 'Ollama'
    | 'ComfyUI'
    | 'stable-diffusion.cpp'
    | 'Session'
    | 'Probes'
    | 'Administration';
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With `:name` for what varies, and `*` at its end for what may have slashes. */
  readonly path: string;
  readonly summary: string;
  /** Absent: it has none. */
  readonly query?: z.ZodObject;
  /** Whether an `Idempotency-Key` makes it one call, however often it is sent. Absent: no. */
  readonly isCreating?: boolean;
  /** Absent: it has none. */
  readonly body?: z.ZodType;
  /** A body that works. Absent: what the schema says. */
  readonly example?: object;
  /** The same as a form, with files. */
  readonly files?: readonly string[];
  /** The same as JSON that names the files. Absent: only a form has files. */
  readonly references?: z.ZodType;
  /** Absent: 200. */
  readonly status?: number;
  /** Absent: the answer is not JSON. */
  readonly answer?: AnswerName;
  /** What status 202 is answered with, where a call may ask for that. Absent: none may. */
  readonly accepted?: AnswerName;
  /** What status 503 is answered with. Absent: an error like others. */
  readonly unavailable?: AnswerName;
  /** Shape of its errors. Absent: Easel's own. */
  readonly failure?: ErrorShape;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Absent: the OpenAPI document does not have it. */
    operation?: Operation;
  }
}

type Handler<Route extends RouteGenericInterface> = RouteHandlerMethod<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  Route
>;

/** Adds the route of an operation, with the access and the place in the OpenAPI document that it declares. */
export function addOperation<Route extends RouteGenericInterface = RouteGenericInterface>(
  server: FastifyInstance,
  operation: Operation,
  handler: Handler<Route>,
): void {
  const { method, path: url, scope, isSignable = false } = operation;
  server.route<Route>({ method, url, config: { access: { scope, isSignable }, operation }, handler });
}

/** The operations that are added to a server from now on, in their order. */
export function collectOperations(server: FastifyInstance): readonly Operation[] {
  const operations: Operation[] = [];
  server.addHook('onRoute', ({ method, config }) => {
    // Fastify adds HEAD for each GET.
    if (config?.operation && method !== 'HEAD') operations.push(config.operation);
  });
  return operations;
}
