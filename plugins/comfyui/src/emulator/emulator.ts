/**
 * A ComfyUI server: workflows are validated, wait in a queue, and are run one after the other; what was made
 * is in a history that a restart forgets. Events go to the socket of the client alone.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type Answer,
  drawPicture,
  EmulatedServer,
  type Script,
  type SeenRequest,
} from '@easel/plugin-sdk/emulator';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { drawResult } from './draw-result.js';
import { kindsWith } from './nodes.js';
import { readUpload } from './read-upload.js';
import { findRefusal, type Graph, graphSchema } from './validate.js';

export interface ComfyEmulatorOptions {
  /** Absent: a free one. */
  readonly port?: number;
  readonly script?: Script;
}

interface Prompt {
  readonly id: string;
  readonly client: string;
  readonly graph: Graph;
  state: 'pending' | 'running' | 'done';
  isInterrupted: boolean;
}

const bodySchema = z.strictObject({
  prompt: graphSchema,
  client_id: z.string().optional(),
  prompt_id: z.string().optional(),
  number: z.number().optional(),
  front: z.boolean().optional(),
  extra_data: z.record(z.string(), z.unknown()).optional(),
  partial_execution_targets: z.array(z.string()).optional(),
});
const idPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ticks = 20;
const slowTickMs = 200;
const ok = (body: unknown = {}): Answer => ({ status: 200, body });
const refuse = (type: string, message: string): Answer => ({
  status: 400,
  body: { error: { type, message, details: message, extra_info: {} }, node_errors: {} },
});

export class ComfyEmulator extends EmulatedServer {
  /** Workflows that were run to their end. */
  made = 0;
  /** Whether nothing is told to WebSockets. */
  isSilent = false;
  readonly #prompts: Prompt[] = [];
  readonly #inputs = new Map<string, Buffer>();
  readonly #outputs = new Map<string, Buffer>();
  readonly #history = new Map<string, object>();
  readonly #sockets = new Map<string, WebSocket>();
  readonly #webSockets = new WebSocketServer({ noServer: true });
  #turn: Promise<void> = Promise.resolve();

  static async start({ port, script }: ComfyEmulatorOptions = {}): Promise<ComfyEmulator> {
    return await new ComfyEmulator(script).listen(port);
  }

  /** What a restart does: queue and history are lost, the files stay. */
  forget(): void {
    for (const prompt of this.#prompts) prompt.isInterrupted = true;
    this.#prompts.length = 0;
    this.#history.clear();
  }

  override close(): Promise<void> {
    for (const socket of this.#sockets.values()) socket.terminate();
    return super.close();
  }

  protected override upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { pathname, searchParams } = new URL(incoming.url ?? '/', this.url);
    if (pathname !== '/ws') return void socket.destroy();
    const client = searchParams.get('clientId') ?? randomUUID();
    this.#webSockets.handleUpgrade(incoming, socket, head, (webSocket) => {
      this.#sockets.set(client, webSocket);
      this.#tell(client, 'status', { status: { exec_info: { queue_remaining: 0 } }, sid: client });
    });
  }

  #tell(client: string, type: string, data: object): void {
    if (!this.isSilent) this.#sockets.get(client)?.send(JSON.stringify({ type, data }));
  }

  protected async handle({ method, path, query, headers, body, json }: SeenRequest): Promise<Answer> {
    const kinds = kindsWith([...this.#inputs.keys()]);
    const [, what = '', name = ''] = /^(?:\/api)?\/([a-z_]+)(?:\/(.+))?$/.exec(path) ?? [];
    if (method === 'GET' && what === 'object_info')
      return ok(name === '' ? kinds : Object.hasOwn(kinds, name) ? { [name]: kinds[name] } : {});
    if (method === 'GET' && what === 'queue') {
      const listed = (state: Prompt['state']) =>
        this.#prompts.flatMap((each, index) =>
          each.state === state ? [[index, each.id, each.graph, {}, []]] : [],
        );
      return ok({ queue_running: listed('running'), queue_pending: listed('pending') });
    }
    if (method === 'GET' && what === 'history')
      return ok(
        name === ''
          ? Object.fromEntries(this.#history)
          : this.#history.has(name)
            ? { [name]: this.#history.get(name) }
            : {},
      );
    if (method === 'GET' && what === 'view') {
      const file = this.#outputs.get(query.filename ?? '');
      return file ? { status: 200, headers: { 'content-type': 'image/png' }, body: file } : { status: 404 };
    }
    if (method === 'POST' && what === 'upload') {
      const upload = await readUpload(body, headers['content-type'] ?? '');
      if (!upload) return { status: 400 };
      this.#inputs.set(upload.path, upload.bytes);
      return ok({ name: upload.name, subfolder: upload.subfolder, type: 'input' });
    }
    if (method === 'POST' && what === 'prompt') return this.#take(json);
    if (method === 'POST' && what === 'interrupt') return this.#interrupt(json);
    if (method === 'POST' && what === 'queue') return this.#remove(json);
    return { status: 404, body: '404: Not Found' };
  }

  #take(json: unknown): Answer {
    const parsed = bodySchema.safeParse(json);
    if (!parsed.success) return refuse('no_prompt', z.prettifyError(parsed.error));
    const { prompt: graph, prompt_id: id = randomUUID(), client_id: client = '' } = parsed.data;
    if (!idPattern.test(id)) return refuse('invalid_prompt_id', 'prompt_id must be a canonical UUID');
    const refusal = findRefusal(graph, kindsWith([...this.#inputs.keys()]));
    if (refusal) return { status: 400, body: refusal };
    const prompt: Prompt = { id, client, graph, state: 'pending', isInterrupted: false };
    this.#prompts.push(prompt);
    this.#turn = this.#turn.then(() => this.#run(prompt));
    return ok({ prompt_id: id, number: this.#prompts.length, node_errors: {} });
  }

  async #run(prompt: Prompt): Promise<void> {
    const { id, client, graph } = prompt;
    if (prompt.isInterrupted) return;
    prompt.state = 'running';
    this.#tell(client, 'execution_start', { prompt_id: id });
    const nodes = Object.entries(graph);
    const nodeOf = (link: unknown) => graph[String((link as unknown[] | undefined)?.[0])];
    const sampler = nodes.find(([, { class_type: kind }]) => kind === 'KSampler') as [string, Graph[string]];
    const text = String(nodeOf(sampler[1].inputs.positive)?.inputs.text);
    this.#tell(client, 'executing', { node: sampler[0], prompt_id: id });
    for (let tick = 1; tick <= ticks && !prompt.isInterrupted; tick++) {
      await pause(text.includes('slowly') ? slowTickMs : 1);
      this.#tell(client, 'progress', { value: tick, max: ticks, prompt_id: id, node: sampler[0] });
      if (tick % 5 === 0) await this.#preview(client);
    }
    const status = (status_str: string, messages: unknown[]) => ({
      status: { status_str, completed: status_str === 'success', messages },
    });
    const failure = prompt.isInterrupted
      ? ['execution_interrupted', { prompt_id: id, node_id: sampler[0] }]
      : text.includes('a broken thing')
        ? ['execution_error', { node_id: sampler[0], node_type: 'KSampler', exception_message: 'no memory' }]
        : undefined;
    const outputs = failure ? {} : await this.#draw(graph, text);
    // Forgotten meanwhile.
    if (!this.#prompts.includes(prompt)) return;
    prompt.state = 'done';
    if (!failure) this.made += 1;
    this.#history.set(id, {
      ...{ prompt: [0, id, graph, {}, []], outputs },
      ...(failure
        ? status('error', [failure])
        : status('success', [['execution_success', { prompt_id: id }]])),
    });
    for (const [node, output] of Object.entries(outputs))
      this.#tell(client, 'executed', { node, display_node: node, output, prompt_id: id });
    this.#tell(client, 'executing', { node: null, prompt_id: id });
    this.#tell(client, failure ? String(failure[0]) : 'execution_success', { prompt_id: id });
  }

  async #draw(graph: Graph, text: string): Promise<object> {
    const { bytes, node, type } = await drawResult(graph, text, this.#inputs);
    const filename = `ComfyUI_${String(this.#outputs.size + 1).padStart(5, '0')}_.png`;
    this.#outputs.set(filename, bytes);
    return { [node]: { images: [{ filename, subfolder: '', type }] } };
  }

  async #preview(client: string): Promise<void> {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(1, 0);
    head.writeUInt32BE(1, 4);
    const image = await drawPicture('unfinished', { width: 64, height: 64, format: 'jpeg' });
    if (!this.isSilent) this.#sockets.get(client)?.send(Buffer.concat([head, image]));
  }

  #interrupt(json: unknown): Answer {
    const { prompt_id: id } = z.object({ prompt_id: z.string().optional() }).catch({}).parse(json);
    for (const prompt of this.#prompts)
      if (prompt.state === 'running' && (id === undefined || id === prompt.id)) prompt.isInterrupted = true;
    return { status: 200 };
  }

  #remove(json: unknown): Answer {
    const { delete: ids } = z.object({ delete: z.array(z.string()).default([]) }).parse(json);
    for (const prompt of this.#prompts)
      if (prompt.state === 'pending' && ids.includes(prompt.id)) {
        prompt.isInterrupted = true;
        prompt.state = 'done';
      }
    return { status: 200 };
  }
}
