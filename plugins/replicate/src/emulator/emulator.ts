/**
 * Replicate's predictions: create, get, list and cancel, with the fields of the models checked strictly.
 *
 * @module
 */
import { createHmac } from 'node:crypto';
import {
  type Answer,
  type EmulatedTask,
  type SeenRequest,
  subjectOf,
  TaskEmulator,
  type TaskEmulatorOptions,
} from '@easel/plugin-sdk/emulator';
import { z } from 'zod';
import { models, sizeOf } from './models.js';

export const emulatedKey = 'r8_emulated0123456789';

export const startReplicateEmulator = (options: TaskEmulatorOptions = {}): Promise<TaskEmulator> =>
  TaskEmulator.start(options, handle);

const problem = (status: number, title: string, detail: string): Answer => ({
  status,
  body: { title, detail, status },
});

const bodySchema = z.strictObject({
  input: z.record(z.string(), z.unknown()),
  version: z.string().optional(),
  webhook: z.url().optional(),
  webhook_events_filter: z.array(z.enum(['start', 'output', 'logs', 'completed'])).optional(),
});

/** Its last part is base64. */
export const emulatedSecret = 'whsec_ZW11bGF0ZWQgc2VjcmV0IG9mIHdlYmhvb2tz';

async function handle(request: SeenRequest, emulator: TaskEmulator): Promise<Answer> {
  const { method, path, headers } = request;
  if (headers.authorization !== `Bearer ${emulatedKey}`)
    return problem(401, 'Unauthenticated', 'You did not pass a valid authentication token');
  if (method === 'GET' && path === '/v1/webhooks/default/secret')
    return { status: 200, body: { key: emulatedSecret } };
  const [, model] = /^\/v1\/models\/([^/]+\/[^/]+)\/predictions$/.exec(path) ?? [];
  if (method === 'POST' && (model !== undefined || path === '/v1/predictions'))
    return await create(request, model, emulator);
  if (method === 'GET' && path === '/v1/predictions') {
    const results = await Promise.all(
      [...emulator.tasks.values()].reverse().map((task) => describe(task, emulator)),
    );
    return { status: 200, body: { previous: null, next: null, results } };
  }
  const [, id = '', what] = /^\/v1\/predictions\/([^/]+)(\/cancel)?$/.exec(path) ?? [];
  const task = emulator.tasks.get(id);
  if (!task) return problem(404, 'Not found', 'The requested resource could not be found.');
  if (method === 'POST' && what !== undefined) {
    if (!emulator.isReady(task)) task.isCancelled = true;
    return { status: 200, body: await describe(task, emulator) };
  }
  return method === 'GET' && what === undefined
    ? { status: 200, body: await describe(task, emulator) }
    : problem(405, 'Method not allowed', `Method "${method}" not allowed.`);
}

async function create(
  { json }: SeenRequest,
  named: string | undefined,
  emulator: TaskEmulator,
): Promise<Answer> {
  const body = bodySchema.safeParse(json);
  if (!body.success) return problem(422, 'Input validation failed', z.prettifyError(body.error));
  const { version, input } = body.data;
  if ((named === undefined) === (version === undefined))
    return problem(422, 'Input validation failed', '- version is required');
  const model = named ?? Object.keys(models)[0] ?? '';
  const schema = models[model];
  if (!schema) return problem(404, 'Not found', 'The requested model could not be found.');
  const parsed = schema.safeParse(input);
  if (!parsed.success) {
    const said = parsed.error.issues.map(({ path, message }) => `- input.${path.join('.')}: ${message}`);
    return problem(422, 'Input validation failed', said.join('\n'));
  }
  const { prompt, seed = emulator.tasks.size, num_outputs: count = 1, output_format: format } = parsed.data;
  const images = [parsed.data.input_images ?? []].flat().map(fromDataUri);
  const pictures = Array.from({ length: Number(count) }, (_, index) => ({
    ...sizeOf(parsed.data.aspect_ratio),
    format: format === 'jpg' ? ('jpeg' as const) : ((format as 'png' | undefined) ?? ('webp' as const)),
    serial: (Number(seed) + index) % 256,
  }));
  const subject = subjectOf(String(prompt), images);
  const task = emulator.begin({ id: idOf(emulator), input: { ...parsed.data, model }, subject, pictures });
  const { webhook } = body.data;
  if (webhook !== undefined)
    emulator.tell(task, webhook, async () => signed(task.id, JSON.stringify(await describe(task, emulator))));
  return { status: 201, body: await describe(task, emulator) };
}

/** Like Replicate's: 26 lower-case letters and digits. */
const idOf = ({ tasks }: TaskEmulator) =>
  `${Date.now().toString(36)}${tasks.size.toString(36)}`.padStart(26, 'q');

async function describe(task: EmulatedTask, emulator: TaskEmulator): Promise<object> {
  const { id, input, isCancelled, isRefused, readyAt } = task;
  const isOver = emulator.isReady(task);
  const status = isCancelled ? 'canceled' : !isOver ? 'processing' : isRefused ? 'failed' : 'succeeded';
  const base = `${emulator.url}/v1/predictions/${id}`;
  const { model, ...asked } = input;
  return {
    id,
    model,
    version: 'hidden',
    status,
    input: asked,
    output: status === 'succeeded' ? await emulator.addressesOf(task) : null,
    error:
      status === 'failed' ? 'NSFW content detected. Try running it again, or try a different prompt.' : null,
    logs: '',
    metrics: status === 'succeeded' ? { predict_time: 0.5 } : {},
    urls: { get: base, cancel: `${base}/cancel` },
    created_at: new Date(readyAt).toISOString(),
    completed_at: isOver ? new Date(readyAt).toISOString() : null,
  };
}

/** As Standard Webhooks says. */
function signed(id: string, body: string) {
  const [message, timestamp] = [`msg_${id}`, String(Math.floor(Date.now() / 1000))];
  const key = Buffer.from(emulatedSecret.replace('whsec_', ''), 'base64');
  const signature = createHmac('sha256', key).update(`${message}.${timestamp}.${body}`).digest('base64');
  const headers = {
    'webhook-id': message,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
  return { headers, body };
}

const fromDataUri = (uri: unknown): Buffer => Buffer.from(String(uri).replace(/^data:[^,]*,/, ''), 'base64');
