/**
 * Interactions, in the background or answered at once: ai.google.dev/gemini-api/docs/interactions and the
 * types of `@google/genai`.
 *
 * @module
 */
import type { Answer, SeenRequest } from '@easel/plugin-sdk/emulator';
import { type GeminiFault, type Made, pictures, refusal, words } from './answer.js';
import { googleError, invalidArgument, modelNotFound } from './errors.js';
import type { FileStore } from './files.js';
import { inlined } from './inlined.js';
import { describe, type EmulatedInteraction, statusOf, turnsOf } from './interaction-answer.js';
import { asContents, modelOf, readInteraction } from './interaction-request.js';
import { geminiModels, type ImageModel } from './models.js';

/** Milliseconds that one takes. */
const usualWorkMs = 20;

export class InteractionStore {
  readonly stored = new Map<string, EmulatedInteraction>();
  /** Of models that are refused in the background. */
  readonly directModels = new Set<string>();
  readonly #files: FileStore;
  #number = 0;
  #begun = 0;
  #deletedPictures = 0;

  constructor(files: FileStore) {
    this.#files = files;
  }

  /** Pictures that were made, and paid. */
  get paid(): number {
    const made = [...this.stored.values()].filter(({ isCancelled }) => !isCancelled);
    return made.reduce((sum, { count }) => sum + count, this.#deletedPictures);
  }

  /** Pictures that were asked for. */
  get begun(): number {
    return this.#begun;
  }

  /** @param serial by which its first picture differs from others of the same words */
  async create({ body, json }: SeenRequest, fault: GeminiFault, serial: number): Promise<Answer> {
    const name = modelOf(json) ?? '';
    const model = geminiModels[name];
    if (!model) return modelNotFound(name);
    const whole = inlined(json, this.#files);
    if ('refusal' in whole) return whole.refusal;
    const read = readInteraction(model, body, whole.json);
    if ('refusal' in read) return read.refusal;
    const { background, store, previous_interaction_id: previous } = read.request;
    if (background && this.directModels.has(name))
      return invalidArgument(`Model ${name} does not support background interactions.`);
    const before = previous === undefined ? undefined : this.stored.get(previous);
    if (previous !== undefined && !before) return noInteraction(previous);
    if (before && statusOf(before) !== 'completed')
      return invalidArgument(`Interaction ${before.id} has not been completed.`);
    const request = asContents(read.request, before ? await turnsOf(before) : []);
    const { refuse, pictures: count = 1, workMs = usualWorkMs } = fault;
    const isImage = model.kind === 'image' && !refuse;
    let made: Promise<Made> | undefined;
    const make = () =>
      refuse
        ? Promise.resolve(refusal(name, request, refuse))
        : model.kind === 'text'
          ? Promise.resolve(words(name, request, fault.text))
          : pictures(name, model as ImageModel, request, { format: 'jpeg', ...fault }, serial);
    this.#begun += count;
    const createdAt = Date.now();
    const interaction: EmulatedInteraction = {
      ...{ id: `v1_emulated${++this.#number}`, model: name, isInBackground: background },
      ...{ createdAt, readyAt: createdAt + (background ? workMs : 0), request, previous },
      ...{ count: isImage ? count : 0, isCancelled: false },
      make: () => (made ??= make()),
    };
    if (!store) this.#deletedPictures += interaction.count;
    else this.stored.set(interaction.id, interaction);
    return { status: 200, body: await describe(interaction) };
  }

  async read(id: string): Promise<Answer> {
    const interaction = this.stored.get(id);
    return interaction ? { status: 200, body: await describe(interaction) } : noInteraction(id);
  }

  async cancel(id: string): Promise<Answer> {
    const interaction = this.stored.get(id);
    if (!interaction) return noInteraction(id);
    if (statusOf(interaction) !== 'in_progress')
      return googleError(400, 'FAILED_PRECONDITION', `Interaction ${id} is not in progress.`);
    interaction.isCancelled = true;
    return { status: 200, body: await describe(interaction) };
  }

  delete(id: string): Answer {
    const interaction = this.stored.get(id);
    if (!interaction) return noInteraction(id);
    this.stored.delete(id);
    if (!interaction.isCancelled) this.#deletedPictures += interaction.count;
    return { status: 200, body: {} };
  }
}

const noInteraction = (id: string) => googleError(404, 'NOT_FOUND', `Interaction ${id} was not found.`);
