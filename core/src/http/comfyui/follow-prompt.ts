import { EaselError, type Progress } from '@easel/plugin-sdk';
import { encodeAs, withImage } from '@easel/plugin-sdk/images';
import type { FastifyRequest } from 'fastify';
import { hasEnded, type JobResult, type StoredJob } from '../../jobs/job.js';
import { inCallersWords, warningsInCallersWords } from '../field-names.js';
import type { ServerContext } from '../server-context.js';
import { answerTo } from '../server-paths.js';
import { nodeOf } from './graph.js';
import type { OutputFile, Prompt, Prompts } from './prompts.js';
import type { Sockets } from './sockets.js';

/** What following a prompt needs beside it. */
export interface Followed {
  readonly context: ServerContext;
  readonly prompts: Prompts;
  readonly sockets: Sockets;
  /** The request that it came by. */
  readonly request: FastifyRequest;
}

/** Tells a prompt's client what becomes of it, in the messages of ComfyUI's `execution.py`. */
export class PromptFollower {
  readonly #means: Followed;
  readonly #prompt: Prompt;
  /** The node that was told to be executed last. */
  #node: string | undefined;
  #off = () => {};

  constructor(means: Followed, prompt: Prompt) {
    this.#means = means;
    this.#prompt = prompt;
  }

  /** Listens until the job has ended. */
  async begin(): Promise<void> {
    const { jobs } = this.#means.context;
    this.#off = jobs.events.listen(this.#prompt.job, (event) => {
      if (event.type === 'state') this.#onState(event.job);
      if (event.type === 'progress') this.#onProgress(event.progress);
    });
    this.#tellQueue();
    // Read once, as it may have changed before it was listened to.
    const job = await jobs.get(this.#prompt.job).catch(() => undefined);
    if (job) this.#onState(job);
  }

  #onState(job: StoredJob): void {
    const { state } = this.#prompt;
    if (state === 'ended' || job.state === 'queued') return;
    if (state === 'pending') this.#onStart();
    if (!hasEnded(job)) return;
    this.#off();
    const end = this.#endOf(job);
    // Whoever is told of the end finds it in the history.
    this.#prompt.state = 'ended';
    this.#remember(...end);
    for (const [node, output] of Object.entries(this.#prompt.made)) {
      this.#execute(node);
      this.#tell('executed', { node, display_node: node, output });
    }
    this.#tell(...end);
    this.#tell('executing', { node: null });
    this.#tellQueue();
  }

  #onStart(): void {
    this.#prompt.state = 'running';
    const { id, nodes } = this.#prompt;
    for (const [type, data] of [
      ['execution_start', {}],
      ['execution_cached', { nodes: [] }],
    ] as const) {
      this.#remember(type, { ...data, prompt_id: id, timestamp: Date.now() });
      this.#tell(type, { ...data, timestamp: Date.now() });
    }
    this.#execute(nodes.loader);
  }

  #onProgress({ stage, fraction, step, steps, preview }: Progress): void {
    if (this.#prompt.state === 'ended' || stage === 'queue') return;
    if (this.#prompt.state === 'pending') this.#onStart();
    const { caller, client, nodes } = this.#prompt;
    if (stage !== 'generate') return;
    this.#execute(nodes.sampler);
    // Percent where it is not counted in steps.
    const [value, max] = steps === undefined ? [Math.round(100 * fraction), 100] : [step ?? 0, steps];
    this.#tell('progress', { value, max, node: nodes.sampler });
    if (!preview) return;
    void asShown(preview.bytes, preview.mediaType).then(
      ({ bytes, mediaType }) => this.#means.sockets.show(caller, client, bytes, mediaType),
      // A look that cannot be read is none.
      () => {},
    );
  }

  /** How it ended, in ComfyUI's words. */
  #endOf({ result, error }: StoredJob): [string, object] {
    const { id, nodes, graph, names, outputs } = this.#prompt;
    const about = { prompt_id: id, timestamp: Date.now() };
    if (result) {
      this.#prompt.made = filesOf(this.#prompt, result, outputs);
      const told = warningsInCallersWords(result.warnings, names);
      this.#prompt.warnings = [...told, ...this.#prompt.warnings];
      return ['execution_success', about];
    }
    const answer = error && answerTo(this.#means.request, new EaselError(error));
    const { message, hint, param, code } = answer ? inCallersWords(answer, names) : interrupted;
    const [id_ = ''] = param?.split('.') ?? [];
    const node = Object.hasOwn(graph, id_) ? id_ : nodes.sampler;
    const where = { ...about, node_id: node, node_type: graph[node]?.class_type, executed: [] };
    if (!answer) return ['execution_interrupted', where];
    return [
      'execution_error',
      {
        ...where,
        exception_message: hint ? `${message} ${hint}` : message,
        exception_type: code,
        traceback: [],
        current_inputs: {},
        current_outputs: [],
      },
    ];
  }

  #execute(node: string): void {
    if (this.#node === node) return;
    this.#node = node;
    this.#tell('executing', { node, display_node: node });
  }

  #remember(type: string, data: object): void {
    this.#prompt.messages.push([type, data]);
  }

  #tell(type: string, data: object): void {
    const { id, caller, client } = this.#prompt;
    this.#means.sockets.tell(caller, client, type, { ...data, prompt_id: id });
  }

  #tellQueue(): void {
    const { prompts, sockets } = this.#means;
    const { caller } = this.#prompt;
    sockets.tell(caller, undefined, 'status', { status: queueStatus(prompts, caller) });
  }
}

const interrupted = { message: '', hint: undefined, param: null, code: '' };

/** How many prompts of a caller have not ended. */
export const queueStatus = (prompts: Prompts, caller: string) => ({
  exec_info: { queue_remaining: prompts.of(caller, 'pending', 'running').length },
});

function filesOf({ graph }: Prompt, { images }: JobResult, outputs: readonly string[]) {
  const typeOf = (id: string): OutputFile['type'] =>
    nodeOf(graph, id)?.class_type === 'PreviewImage' ? 'temp' : 'output';
  return Object.fromEntries(
    outputs.map((id) => [
      id,
      { images: images.map(({ name }) => ({ filename: name, subfolder: '', type: typeOf(id) })) },
    ]),
  );
}

/** A look as ComfyUI's clients read it: JPEG or PNG. */
async function asShown(bytes: Uint8Array, mediaType: string) {
  if (mediaType === 'image/jpeg' || mediaType === 'image/png') return { bytes, mediaType };
  const jpeg = await withImage(new Uint8Array(bytes), ({ image }) => encodeAs(image, 'jpeg').toBuffer());
  return { bytes: new Uint8Array(jpeg), mediaType: 'image/jpeg' };
}
