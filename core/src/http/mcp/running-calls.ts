import type { FastifyRequest } from 'fastify';

/** Name of the header by which a client says which of its connections a message belongs to. */
export const sessionHeader = 'mcp-session-id';

/** The calls of tools that are being carried out. A client cancels one by a message of its own. */
export class RunningCalls {
  readonly #calls = new Map<string, AbortController>();

  /** Carries out a call that can be cancelled until it has ended. */
  async run<Result>(
    request: FastifyRequest,
    id: string | number,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const controller = new AbortController();
    const key = keyOf(request, id);
    // Clients count their calls from 0: without a session they could not be told apart.
    if (key !== undefined) this.#calls.set(key, controller);
    try {
      return await work(controller.signal);
    } finally {
      if (key !== undefined && this.#calls.get(key) === controller) this.#calls.delete(key);
    }
  }

  cancel(request: FastifyRequest, id: string | number): void {
    const key = keyOf(request, id);
    if (key !== undefined) this.#calls.get(key)?.abort(new Error('It was cancelled by its caller.'));
  }
}

function keyOf({ headers, apiKey }: FastifyRequest, id: string | number): string | undefined {
  const session = headers[sessionHeader];
  return typeof session === 'string' ? JSON.stringify([apiKey?.id ?? '', session, id]) : undefined;
}
