import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { drawPicture, subjectOf } from '@easel/plugin-sdk/emulator';
import { readImageHeader } from '@easel/plugin-sdk/images';
import { conflict, type RunwareError } from './errors.js';
import { inputsOf } from './parameters.js';
import type { Fields } from './rules.js';
import type { RunwareFault } from './script.js';

/** US dollars of a picture and of a prompt that is worded anew. */
export const prices = { picture: 0.0013, prompt: 0.0001 } as const;

export interface Task {
  readonly taskUUID: string;
  readonly request: Fields;
  readonly count: number;
  readonly results: Fields[];
  error: RunwareError | undefined;
  /** Resolves when it is over. */
  done: Promise<void>;
}

/** Told of what a task makes, as it makes it. */
export interface TaskListener {
  onResult(result: Fields, task: Task): void;
  onError(error: RunwareError, task: Task): void;
}

const formats = { PNG: 'png', JPG: 'jpeg', WEBP: 'webp' } as const;

/**
 * All tasks that were ever taken. They go on whatever becomes of the connection; each is paid when it is
 * taken.
 */
export class TaskTable {
  readonly tasks = new Map<string, Task>();
  /** Files that results name by their address. */
  readonly files = new Map<string, Buffer>();
  paid = 0;
  paidPictures = 0;
  paidPrompts = 0;
  /** Pictures among them that their task failed before making. */
  failedPictures = 0;
  /** Base of the addresses of pictures. */
  origin = '';

  /** Takes a task, or says that it has been taken before. */
  take(request: Fields, fault: RunwareFault, listener: TaskListener): Task | RunwareError {
    const taskUUID = String(request.taskUUID);
    if (this.tasks.has(taskUUID)) return conflict(taskUUID);
    const isPrompt = request.taskType === 'promptEnhance';
    const count = Number((isPrompt ? request.promptVersions : request.numberResults) ?? 1);
    const task: Task = { taskUUID, request, count, results: [], error: undefined, done: Promise.resolve() };
    this.tasks.set(taskUUID, task);
    if (isPrompt) this.paidPrompts += 1;
    else {
      this.paid += 1;
      this.paidPictures += count;
    }
    task.done = this.#work(task, fault, listener);
    return task;
  }

  async #work(
    task: Task,
    { workMs = 0, until, fail, isFlagged = false }: RunwareFault,
    listener: TaskListener,
  ): Promise<void> {
    for (let index = 0; index < task.count; index++) {
      if (workMs > 0) await pause(workMs);
      await until;
      if (fail?.after === index) {
        const { taskUUID, request } = task;
        this.failedPictures += task.count - index;
        task.error = { ...fail.error, taskUUID, taskType: String(request.taskType) };
        return void listener.onError(task.error, task);
      }
      const result = await this.#make(task, index, isFlagged);
      task.results.push(result);
      listener.onResult(result, task);
    }
  }

  async #make({ taskUUID, request }: Task, index: number, isFlagged: boolean): Promise<Fields> {
    const { taskType, includeCost } = request;
    const cost = (amount: number) => (includeCost === true ? { cost: amount } : {});
    if (taskType === 'promptEnhance')
      return { taskType, taskUUID, text: enhanced(String(request.prompt), index), ...cost(prices.prompt) };
    const imageUUID = randomUUID();
    const seed = Number(request.seed ?? 1 + Math.floor(Math.random() * 2 ** 31)) + index;
    const bytes = await drawFor(request, seed);
    const checks =
      request.checkNSFW === true || (request.safety as Fields | undefined)?.checkContent === true;
    const made = { imageUUID, ...this.#outputOf(request, imageUUID, bytes) };
    return {
      ...{ taskType, taskUUID, ...(taskType === 'imageInference' ? { seed } : {}) },
      ...(taskType === 'controlNetPreprocess' ? asGuide(made) : made),
      ...(checks ? { NSFWContent: isFlagged } : {}),
      ...cost(prices.picture),
    };
  }

  #outputOf({ outputType = 'URL', outputFormat = 'JPG' }: Fields, imageUUID: string, bytes: Buffer): Fields {
    if (outputType === 'base64Data') return { imageBase64Data: bytes.toString('base64') };
    const mediaType = `image/${formats[outputFormat as keyof typeof formats]}`;
    if (outputType === 'dataURI')
      return { imageDataURI: `data:${mediaType};base64,${bytes.toString('base64')}` };
    const name = `${imageUUID}.${String(outputFormat).toLowerCase()}`;
    this.files.set(name, bytes);
    return { imageURL: `${this.origin}/image/ws/0.5/ii/${name}` };
  }
}

/** What the emulator makes of a prompt. */
export const enhanced = (prompt: string, index = 0): string =>
  `${prompt}, in great detail${index > 0 ? `, again ${index}` : ''}`;

async function drawFor(request: Fields, seed: number): Promise<Buffer> {
  const { positivePrompt, outputFormat = 'JPG', upscaleFactor = 1 } = request;
  const {
    seedImage,
    maskImage,
    referenceImages = [],
    image,
  } = { ...request, ...inputsOf(request) } as Fields;
  const pictures = [seedImage, maskImage, image, ...(referenceImages as string[])]
    .filter((value) => typeof value === 'string')
    .map(bytesOf);
  const format = formats[outputFormat as keyof typeof formats];
  const isOfPrompt = request.taskType === 'imageInference';
  const { width, height } = isOfPrompt ? request : await readImageHeader(pictures[0] ?? Buffer.alloc(0));
  const scaled = (edge: unknown) => Number(edge) * Number(upscaleFactor);
  const subject = String(isOfPrompt ? positivePrompt : request.taskType);
  return await drawPicture(subjectOf(subject, pictures), {
    ...{ width: scaled(width), height: scaled(height), format, serial: seed % 256 },
  });
}

/** As `IControlNetImage` of `@runware/sdk-js` has them. */
const asGuide = (made: Fields): Fields =>
  Object.fromEntries(
    Object.entries(made).map(([name, value]) => [name.replace('image', 'guideImage'), value]),
  );

const bytesOf = (picture: string): Buffer => Buffer.from(picture.replace(/^data:[^,]*,/, ''), 'base64');
