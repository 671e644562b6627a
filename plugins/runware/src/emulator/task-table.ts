import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { drawPicture, subjectOf } from '@easel/plugin-sdk/emulator';
import { conflict, type RunwareError } from './errors.js';
import type { Fields } from './parameters.js';
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
    { workMs = 0, fail, isFlagged = false }: RunwareFault,
    listener: TaskListener,
  ): Promise<void> {
    for (let index = 0; index < task.count; index++) {
      if (workMs > 0) await pause(workMs);
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
    return {
      ...{ taskType, taskUUID, imageUUID, seed },
      ...this.#outputOf(request, imageUUID, bytes),
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
  const {
    positivePrompt,
    width,
    height,
    outputFormat = 'JPG',
    seedImage,
    maskImage,
    referenceImages,
    inputs,
  } = request;
  const references = (referenceImages ?? (inputs as Fields | undefined)?.referenceImages ?? []) as string[];
  const pictures = [seedImage, maskImage, ...references].filter((value) => typeof value === 'string');
  const format = formats[outputFormat as keyof typeof formats];
  const serial = seed % 256;
  return await drawPicture(subjectOf(String(positivePrompt), pictures.map(bytesOf)), {
    ...{ width: Number(width), height: Number(height), format, serial },
  });
}

const bytesOf = (picture: string): Buffer => Buffer.from(picture.replace(/^data:[^,]*,/, ''), 'base64');
