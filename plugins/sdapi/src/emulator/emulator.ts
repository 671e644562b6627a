/**
 * Automatic1111's web UI: one image at a time, others wait; a checkpoint that it does not have is passed
 * over; an interruption hits whatever is worked on, and is answered with an unfinished image.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises';
import {
  type Answer,
  drawPicture,
  EmulatedServer,
  type Script,
  type SeenRequest,
  subjectOf,
} from '@easel/plugin-sdk/emulator';
import { z } from 'zod';
import { checkpoints, imageSchema, samplers, schedulers, textSchema } from './fields.js';

export const emulatedAuth = 'emulated:0123456789abcdef';

export interface SdapiEmulatorOptions {
  /** Absent: a free one. */
  readonly port?: number;
  readonly script?: Script;
  /** Whether it wants `emulatedAuth`. Absent: no. */
  readonly isLocked?: boolean;
  /** Whether it is stable-diffusion.cpp: without lists, progress and interruption. Absent: no. */
  readonly isBare?: boolean;
}

interface Work {
  readonly id: string;
  state: 'queued' | 'active' | 'completed';
  step: number;
  isInterrupted: boolean;
}

const steps = 40;
const slowStepMs = 100;
const notFound = { status: 404, body: { detail: 'Not Found' } };
const names = (list: readonly { name: string; aliases?: readonly string[] | null; label?: string }[]) =>
  list.flatMap(({ name, aliases, label }) => [name, ...(aliases ?? []), ...(label ? [label] : [])]);

export class SdapiEmulator extends EmulatedServer {
  /** Interruptions that came. */
  interruptions = 0;
  /** Images that were made whole. */
  made = 0;
  /** The checkpoint that is loaded. */
  checkpoint = checkpoints[0]?.title as string;
  readonly #works: Work[] = [];
  readonly #options: SdapiEmulatorOptions;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(options: SdapiEmulatorOptions) {
    super(options.script);
    this.#options = options;
  }

  static async start(options: SdapiEmulatorOptions = {}): Promise<SdapiEmulator> {
    return await new SdapiEmulator(options).listen(options.port);
  }

  protected async handle({ method, path, headers, json }: SeenRequest): Promise<Answer> {
    const { isLocked, isBare } = this.#options;
    const wanted = `Basic ${Buffer.from(emulatedAuth).toString('base64')}`;
    if (isLocked && path.startsWith('/sdapi/') && headers.authorization !== wanted)
      return { status: 401, body: { detail: 'Incorrect username or password' } };
    const route = `${method} ${path}`;
    if (route === 'POST /sdapi/v1/txt2img') return await this.#make(textSchema, json);
    if (route === 'POST /sdapi/v1/img2img') return await this.#make(imageSchema, json);
    if (isBare) return notFound;
    if (route === 'GET /sdapi/v1/sd-models') return { status: 200, body: checkpoints };
    if (route === 'GET /sdapi/v1/samplers') return { status: 200, body: samplers };
    if (route === 'GET /sdapi/v1/schedulers') return { status: 200, body: schedulers };
    if (route === 'GET /sdapi/v1/options')
      return { status: 200, body: { sd_model_checkpoint: this.checkpoint } };
    if (route === 'POST /internal/progress') return this.#progress(json);
    if (route === 'POST /sdapi/v1/interrupt') return this.#interrupt();
    return notFound;
  }

  async #make(schema: typeof textSchema | typeof imageSchema, json: unknown): Promise<Answer> {
    const parsed = schema.safeParse(json);
    if (!parsed.success) {
      const detail = parsed.error.issues.map(({ path, message, code }) => ({
        loc: ['body', ...path],
        msg: message,
        type: code,
      }));
      return { status: 422, body: { detail } };
    }
    const body = parsed.data as z.output<typeof textSchema> & Partial<z.output<typeof imageSchema>>;
    if (body.sampler_name && !names(samplers).includes(body.sampler_name))
      return { status: 404, body: { detail: 'Sampler not found' } };
    if (schema === imageSchema && !body.init_images?.length)
      return { status: 404, body: { detail: 'Init image not found' } };
    const id = body.force_task_id ?? `task(${this.#works.length})`;
    const work: Work = { id, state: 'queued', step: 0, isInterrupted: false };
    this.#works.push(work);
    const before = this.#turn;
    const turn = before.then(() => this.#work(work, body));
    this.#turn = turn.catch(() => {});
    return { status: 200, body: await turn };
  }

  async #work(
    work: Work,
    body: z.output<typeof textSchema> & Partial<z.output<typeof imageSchema>>,
  ): Promise<unknown> {
    work.state = 'active';
    const own = this.checkpoint;
    const asked = z.string().safeParse(body.override_settings?.sd_model_checkpoint).data;
    this.checkpoint = checkpoints.find(({ title }) => title === asked)?.title ?? own;
    const stepMs = body.prompt.includes('slowly') ? slowStepMs : 1;
    for (; work.step < steps && !work.isInterrupted; work.step++) await pause(stepMs);
    const seed = body.seed < 0 ? 1 : body.seed;
    const inputs = [...(body.init_images ?? []), ...(body.mask ? [body.mask] : [])].map((text) =>
      Buffer.from(text.replace(/^data:[^,]*,/, ''), 'base64'),
    );
    const count = body.batch_size * body.n_iter;
    const seeds = Array.from({ length: count }, (_, index) => seed + index);
    const images = await Promise.all(
      seeds.map(async (each) => {
        const picture = { width: body.width, height: body.height, serial: each % 256 };
        return (await drawPicture(subjectOf(body.prompt, inputs), picture)).toString('base64');
      }),
    );
    if (!work.isInterrupted) this.made += count;
    const info = {
      ...{ prompt: body.prompt, seed, all_seeds: seeds, sampler_name: body.sampler_name ?? 'Euler' },
      sd_model_name: checkpoints.find(({ title }) => title === this.checkpoint)?.model_name,
    };
    if (body.override_settings_restore_afterwards) this.checkpoint = own;
    work.state = 'completed';
    return { images, parameters: body, info: this.#options.isBare ? '' : JSON.stringify(info) };
  }

  async #progress(json: unknown): Promise<Answer> {
    const asked = z
      .strictObject({ id_task: z.string(), id_live_preview: z.int(), live_preview: z.boolean() })
      .safeParse(json);
    if (!asked.success) return { status: 422, body: { detail: asked.error.message } };
    const { id_task: id, id_live_preview: last, live_preview: isWanted } = asked.data;
    const work = this.#works.find((each) => each.id === id);
    const base = { active: work?.state === 'active', queued: work?.state === 'queued' };
    const completed = work?.state === 'completed';
    if (work?.state !== 'active')
      return {
        status: 200,
        body: {
          ...base,
          completed,
          id_live_preview: -1,
          textinfo: base.queued ? 'In queue...' : 'Waiting...',
        },
      };
    const number = Math.floor(work.step / 10);
    const isNew = isWanted && number > last && work.step > 0;
    const preview = isNew ? await drawPicture('unfinished', { width: 64, height: 64, format: 'jpeg' }) : null;
    return {
      status: 200,
      body: {
        ...{ ...base, completed, progress: work.step / steps, eta: 1, textinfo: null },
        live_preview: preview ? `data:image/jpeg;base64,${preview.toString('base64')}` : null,
        id_live_preview: isNew ? number : last,
      },
    };
  }

  #interrupt(): Answer {
    this.interruptions += 1;
    for (const work of this.#works) if (work.state === 'active') work.isInterrupted = true;
    return { status: 200, body: {} };
  }
}
