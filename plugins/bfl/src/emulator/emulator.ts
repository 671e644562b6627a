/**
 * Black Forest Labs: tasks that are asked about in a region, with the fields of the models checked strictly.
 *
 * @module
 */
import {
  type Answer,
  type EmulatedTask,
  type SeenRequest,
  subjectOf,
  TaskEmulator,
  type TaskEmulatorOptions,
} from '@easel/plugin-sdk/emulator';
import { costs, models } from './models.js';

export const emulatedKey = 'emulated-0123-4567-89ab-cdef';

export const startBflEmulator = (options: TaskEmulatorOptions = {}): Promise<TaskEmulator> =>
  TaskEmulator.start(options, handle);

async function handle(request: SeenRequest, emulator: TaskEmulator): Promise<Answer> {
  const { method, path, headers, query } = request;
  if (headers['x-key'] === undefined) return { status: 403, body: { detail: 'Not authenticated' } };
  if (headers['x-key'] !== emulatedKey) return { status: 403, body: { detail: 'Invalid API key' } };
  if (method === 'GET' && path === '/region/v1/get_result')
    return await resultOf(emulator.tasks.get(query.id ?? ''), emulator);
  // The region that took it does not know it.
  if (method === 'GET' && path === '/v1/get_result') return await resultOf(undefined, emulator);
  return method === 'POST' ? submit(request, emulator) : { status: 404, body: { detail: 'Not Found' } };
}

function submit({ path, json }: SeenRequest, emulator: TaskEmulator): Answer {
  const name = path.replace('/v1/', '');
  const model = Object.hasOwn(models, name) ? models[name] : undefined;
  if (!model) return { status: 404, body: { detail: 'Not Found' } };
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
  const seed = Number(input.seed ?? emulator.tasks.size);
  const inputs = Object.keys(input)
    .filter((field) => /^(input_image.*|image|mask)$/.test(field))
    .map((field) => Buffer.from(String(input[field]), 'base64'));
  const pictures = [
    {
      width: Number(input.width ?? 1024),
      height: Number(input.height ?? 768),
      format: (input.output_format as 'png' | undefined) ?? ('jpeg' as const),
      serial: seed % 256,
    },
  ];
  const subject = subjectOf(String(input.prompt), inputs);
  const { id } = emulator.begin({ input: { ...input, seed }, subject, pictures });
  const polling_url = `${emulator.url}/region/v1/get_result?id=${id}`;
  return { status: 200, body: { id, polling_url, cost: costs[name], input_mp: 0, output_mp: 1 } };
}

async function resultOf(task: EmulatedTask | undefined, emulator: TaskEmulator): Promise<Answer> {
  if (!task) return { status: 404, body: { id: null, status: 'Task not found', result: null } };
  const { id, subject } = task;
  const answer = (status: string, result: object | null = null, details: object | null = null): Answer => ({
    status: 200,
    body: { id, status, result, progress: status === 'Pending' ? 0.5 : null, details, preview: null },
  });
  if (!emulator.isReady(task)) return answer('Pending');
  if (task.isRefused)
    return answer('Request Moderated', null, { 'Moderation Reasons': ['Derivative Works Filter'] });
  if (subject.includes('a flagged thing')) return answer('Content Moderated');
  const [sample] = await emulator.addressesOf(task);
  return answer('Ready', { sample, seed: task.input.seed, prompt: task.input.prompt, duration: 0.02 });
}
