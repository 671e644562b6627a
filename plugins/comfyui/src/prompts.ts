import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { EaselError } from '@easel/plugin-sdk';
import { type Service, unusable } from '@easel/plugin-sdk/provider';
import { z } from 'zod';
import type { Config, Graph } from './settings.js';

const queueSchema = z.object({
  queue_running: z.array(z.tuple([z.unknown(), z.string()]).rest(z.unknown())),
  queue_pending: z.array(z.tuple([z.unknown(), z.string()]).rest(z.unknown())),
});
const fileSchema = z.object({
  filename: z.string(),
  subfolder: z.string().default(''),
  type: z.string().default('output'),
});
export type OutputFile = z.output<typeof fileSchema>;
const entrySchema = z.object({
  outputs: z.record(z.string(), z.looseObject({ images: z.array(fileSchema).optional() })),
  status: z
    .object({ status_str: z.string(), messages: z.array(z.tuple([z.string(), z.unknown()])).default([]) })
    .nullish(),
});
/** What the server keeps of a prompt that has ended. */
export type HistoryEntry = z.output<typeof entrySchema>;
const historySchema = z.record(z.string(), entrySchema);

const acceptedSchema = z.object({ prompt_id: z.string().min(1) });
const refusalSchema = z.object({
  error: z.object({ type: z.string().default(''), message: z.string(), details: z.string().nullish() }),
  node_errors: z
    .record(
      z.string(),
      z.object({
        class_type: z.string().default(''),
        errors: z.array(z.object({ type: z.string(), message: z.string(), details: z.string().nullish() })),
      }),
    )
    .catch({}),
});

/**
 * Id of a prompt: the same each time that a call is carried out, so that the server can be asked whether it
 * has it. The server takes small UUIDs alone.
 */
function promptIdOf(...identity: readonly unknown[]): string {
  const hash = createHash('sha256').update(JSON.stringify(identity)).digest('hex');
  const at = (from: number, to: number) => hash.slice(from, to);
  return `${at(0, 8)}-${at(8, 12)}-4${at(13, 16)}-8${at(17, 20)}-${at(20, 32)}`;
}

/** What a ComfyUI server knows of prompts. */
export class Prompts {
  readonly #service: Service;
  readonly #config: Pick<Config, 'pollMs' | 'silenceMs'>;

  constructor(service: Service, config: Pick<Config, 'pollMs' | 'silenceMs'>) {
    this.#service = service;
    this.#config = config;
  }

  /**
   * Asks what harms nothing, and asks again while the server cannot be reached or says nothing of use.
   *
   * @throws EaselError ERR_PROVIDER_UNAVAILABLE or ERR_PROVIDER_BAD_RESPONSE when it goes on for `silenceMs`
   */
  async #askPatiently<Answer>(
    url: string,
    read: (bytes: Uint8Array, json: unknown) => Answer | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    const since = performance.now();
    for (;;) {
      try {
        const { bytes, json } = await this.#service.ask({ url, signal });
        const answer = read(bytes, json);
        if (answer !== undefined) return answer;
        throw unusable(this.#service.name, `it is not of the form of ${url}`, false);
      } catch (error) {
        const code = EaselError.isInstance(error) ? error.code : undefined;
        const mayPass = code === 'ERR_PROVIDER_UNAVAILABLE' || code === 'ERR_PROVIDER_BAD_RESPONSE';
        if (!mayPass || signal.aborted || performance.now() - since > this.#config.silenceMs) throw error;
      }
      // Whether it is aborted is told by the next question.
      await pause(this.#config.pollMs, undefined, { signal }).catch(() => {});
    }
  }

  /** Undefined: it has not ended, or the server does not know it. */
  async entryOf(id: string, signal: AbortSignal): Promise<HistoryEntry | undefined> {
    return (
      await this.#askPatiently(`history/${id}`, (_, json) => historySchema.safeParse(json).data, signal)
    )[id];
  }

  async placeOf(id: string, signal: AbortSignal): Promise<'running' | 'pending' | undefined> {
    const queue = await this.#askPatiently('queue', (_, json) => queueSchema.safeParse(json).data, signal);
    const has = (list: readonly (readonly unknown[])[]) => list.some(([, each]) => each === id);
    return has(queue.queue_running) ? 'running' : has(queue.queue_pending) ? 'pending' : undefined;
  }

  /** What a prompt has made. */
  async download(file: OutputFile, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const query = new URLSearchParams(file);
    return new Uint8Array(await this.#askPatiently(`view?${query}`, (bytes) => bytes, signal));
  }

  /**
   * Id for an image of a call: that of a prompt which was begun for it, unless that has failed.
   *
   * @param identity tells it from the other images of the call
   */
  async chooseId(requestId: string | undefined, identity: readonly unknown[], signal: AbortSignal) {
    if (requestId === undefined) return randomUUID();
    for (let attempt = 0; ; attempt++) {
      const id = promptIdOf(requestId, ...identity, attempt);
      const entry = await this.entryOf(id, signal);
      if (entry?.status?.status_str !== 'error') return id;
    }
  }

  async isKnown(id: string, signal: AbortSignal): Promise<boolean> {
    if (await this.entryOf(id, signal)) return true;
    // It may have ended between the two questions.
    return (await this.placeOf(id, signal)) !== undefined || (await this.entryOf(id, signal)) !== undefined;
  }

  /**
   * Has a prompt made, once: one that the server knows already is not sent again, since it would run twice.
   *
   * @throws EaselError ERR_MODEL_UNKNOWN or ERR_REQUEST_INVALID with the server's reasons
   */
  async submit(
    id: string,
    clientId: string,
    graph: Graph,
    signal: AbortSignal,
  ): Promise<{ isResumed: boolean }> {
    if (await this.isKnown(id, signal)) return { isResumed: true };
    const body = { prompt: graph, prompt_id: id, client_id: clientId };
    try {
      const answer = await this.#service.ask({ url: 'prompt', body, signal, takesFailures: true });
      if (answer.status === 400) throw refusalOf(answer.json) ?? this.#service.failureOf(answer);
      if (answer.status !== 200) throw this.#service.failureOf(answer);
      const accepted = acceptedSchema.safeParse(answer.json).data;
      if (!accepted) throw unusable(this.#service.name, 'it names no prompt', false);
      if (accepted.prompt_id !== id)
        throw new EaselError({
          code: 'ERR_PROVIDER_BAD_RESPONSE',
          message: 'The server has not taken the id of a prompt: it is older than August 2025.',
          hint: 'Update ComfyUI.',
        });
    } catch (error) {
      const isUnknown = EaselError.isInstance(error) && error.code === 'ERR_PROVIDER_UNAVAILABLE';
      // Its answer may have got lost.
      if (!isUnknown || signal.aborted || !(await this.isKnown(id, signal))) throw error;
    }
    return { isResumed: false };
  }

  /** Ends a prompt that nobody wants. Older servers interrupt whatever runs, so it has to be this one. */
  async cancel(id: string, signal: AbortSignal): Promise<void> {
    const place = await this.placeOf(id, signal);
    if (place === 'pending') await this.#service.ask({ url: 'queue', body: { delete: [id] }, signal });
    if (place === 'running' || (await this.placeOf(id, signal)) === 'running')
      await this.#service.ask({ url: 'interrupt', body: { prompt_id: id }, signal });
  }
}

function refusalOf(json: unknown): EaselError | undefined {
  const { data } = refusalSchema.safeParse(json);
  if (!data) return undefined;
  const { error, node_errors: nodes } = data;
  const reasons = Object.entries(nodes).flatMap(([id, { class_type: kind, errors }]) =>
    errors.map(({ message, details }) => `node ${id} (${kind}): ${message}${details ? `: ${details}` : ''}`),
  );
  const types = [error.type, ...Object.values(nodes).flatMap(({ errors }) => errors.map(({ type }) => type))];
  const isMissing = types.includes('missing_node_type') || types.includes('value_not_in_list');
  return new EaselError({
    code: isMissing ? 'ERR_MODEL_UNKNOWN' : 'ERR_REQUEST_INVALID',
    message: `ComfyUI refuses the workflow: ${[error.message, ...reasons].join('; ').slice(0, 1_000)}.`,
  });
}
