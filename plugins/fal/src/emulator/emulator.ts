/**
 * fal's queue: submit, status, result and cancel, with the fields of the models checked strictly.
 *
 * @module
 */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import {
  type Answer,
  type EmulatedTask,
  type SeenRequest,
  subjectOf,
  TaskEmulator,
  type TaskEmulatorOptions,
} from '@easel/plugin-sdk/emulator';
import { models, sizeOf } from './models.js';

export const emulatedKey = 'emulated-id:0123456789abcdef';

export const startFalEmulator = (options: TaskEmulatorOptions = {}): Promise<TaskEmulator> =>
  TaskEmulator.start(options, handle);

/** What webhooks are signed with. */
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const keysPath = '/.well-known/jwks.json';

async function handle(request: SeenRequest, emulator: TaskEmulator): Promise<Answer> {
  const { method, path, headers } = request;
  if (path === keysPath) return { status: 200, body: { keys: [publicKey.export({ format: 'jwk' })] } };
  if (headers.authorization !== `Key ${emulatedKey}`)
    return { status: 401, body: { detail: 'Cannot access application. Authentication is required.' } };
  // Status, result and cancellation have owner and app alone, without the path of the model.
  const [, app, id, what = 'result'] =
    /^\/([^/]+\/[^/]+)\/requests\/([^/]+)(?:\/(status|cancel))?$/.exec(path) ?? [];
  if (app === undefined || id === undefined)
    return method === 'POST'
      ? submit(request, emulator)
      : { status: 405, body: { detail: 'Method Not Allowed' } };
  const task = emulator.tasks.get(id);
  if (!task || task.input.app !== app) return { status: 404, body: { detail: 'Request not found' } };
  if (what === 'status' && method === 'GET') return statusOf(task, emulator);
  if (what === 'cancel' && method === 'PUT') return cancel(task, emulator);
  if (what === 'result' && method === 'GET') return await resultOf(task, emulator);
  return { status: 405, body: { detail: 'Method Not Allowed' } };
}

function submit({ path, query, json }: SeenRequest, emulator: TaskEmulator): Answer {
  const model = models[path.slice(1)];
  if (!model) return { status: 404, body: { detail: `Application '${path.slice(1)}' not found` } };
  const parsed = model.safeParse(json);
  if (!parsed.success) {
    const detail = parsed.error.issues.map(({ message, code, path: loc }) => ({
      loc: ['body', ...loc],
      msg: message,
      type: code,
    }));
    return { status: 422, body: { detail } };
  }
  const input = parsed.data;
  const app = path.split('/').slice(1, 3).join('/');
  const seed = Number(input.seed ?? emulator.tasks.size);
  const inputs = [input.image_url ?? [], input.image_urls ?? []].flat().map(fromDataUri);
  const pictures = Array.from({ length: Number(input.num_images ?? 1) }, (_, index) => ({
    ...sizeOf(input.image_size),
    format: (input.output_format as 'png' | undefined) ?? ('jpeg' as const),
    serial: (seed + index) % 256,
  }));
  const subject = subjectOf(String(input.prompt), inputs);
  const task = emulator.begin({ input: { ...input, app, seed }, subject, pictures });
  const { id } = task;
  const { fal_webhook: webhook } = query;
  if (webhook !== undefined)
    emulator.tell(task, webhook, async () => signed(id, await toldOf(task, emulator)));
  const base = `${emulator.url}/${app}/requests/${id}`;
  const addresses = { response_url: base, status_url: `${base}/status`, cancel_url: `${base}/cancel` };
  return { status: 200, body: { status: 'IN_QUEUE', request_id: id, queue_position: 0, ...addresses } };
}

function statusOf(task: EmulatedTask, emulator: TaskEmulator): Answer {
  const base = `${emulator.url}/${String(task.input.app)}/requests/${task.id}`;
  const told = {
    request_id: task.id,
    response_url: base,
    status_url: `${base}/status`,
    cancel_url: `${base}/cancel`,
  };
  return emulator.isReady(task) || task.isCancelled
    ? { status: 200, body: { status: 'COMPLETED', ...told, metrics: { inference_time: 0.02 } } }
    : { status: 202, body: { status: 'IN_PROGRESS', ...told } };
}

function cancel(task: EmulatedTask, emulator: TaskEmulator): Answer {
  if (emulator.isReady(task)) return { status: 400, body: { status: 'ALREADY_COMPLETED' } };
  task.isCancelled = true;
  return { status: 202, body: { status: 'CANCELLATION_REQUESTED' } };
}

async function resultOf(task: EmulatedTask, emulator: TaskEmulator): Promise<Answer> {
  if (task.isCancelled) return { status: 400, body: { detail: 'Request was cancelled' } };
  if (!emulator.isReady(task)) return { status: 400, body: { detail: 'Request is still in progress' } };
  if (task.isRefused)
    return {
      status: 422,
      body: {
        detail: [
          {
            loc: ['body', 'prompt'],
            msg: 'The content could not be processed because it contained material flagged by a content checker.',
            type: 'content_policy_violation',
          },
        ],
      },
    };
  const images = (await emulator.addressesOf(task)).map((url, index) => ({
    url,
    width: task.pictures[index]?.width,
    height: task.pictures[index]?.height,
    content_type: `image/${task.pictures[index]?.format}`,
  }));
  const has_nsfw_concepts = images.map(() => task.subject.includes('a flagged thing'));
  return {
    status: 200,
    body: { images, seed: task.input.seed, has_nsfw_concepts, prompt: task.input.prompt },
  };
}

/** What a webhook says. */
async function toldOf(task: EmulatedTask, emulator: TaskEmulator): Promise<string> {
  const { status, body: payload } = await resultOf(task, emulator);
  const ids = { request_id: task.id, gateway_request_id: task.id };
  return JSON.stringify({ ...ids, status: status === 200 ? 'OK' : 'ERROR', payload });
}

function signed(request: string, body: string) {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const digest = createHash('sha256').update(body).digest('hex');
  const message = Buffer.from([request, 'emulated-user', timestamp, digest].join('\n'));
  const headers = {
    'x-fal-webhook-request-id': request,
    'x-fal-webhook-user-id': 'emulated-user',
    'x-fal-webhook-timestamp': timestamp,
    'x-fal-webhook-signature': sign(null, message, privateKey).toString('hex'),
  };
  return { headers, body };
}

const fromDataUri = (uri: unknown): Buffer => Buffer.from(String(uri).replace(/^data:[^,]*,/, ''), 'base64');
