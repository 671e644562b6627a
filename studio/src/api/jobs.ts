import * as z from 'zod/mini';
import type { Grid } from '../grid/axes.js';
import { addressOf, call, drawId } from './call.js';
import { type Job, jobSchema, jobsSchema, modelsSchema } from './schemas.js';

/** The fields of `POST /api/images/jobs` that the Studio sends. */
export interface JobRequest {
  readonly prompt: string;
  readonly model?: string;
  readonly negative_prompt?: string;
  readonly size?: string;
  readonly n?: number;
  readonly seed?: number;
  readonly steps?: number;
  readonly guidance_scale?: number;
  readonly sampler?: string;
  readonly strength?: number;
  readonly input_images?: readonly string[];
  readonly mask?: string;
  readonly control?: readonly { readonly image: string; readonly model: string; readonly strength: number }[];
  readonly previews?: number;
  readonly grid?: Grid;
  readonly provider_options?: Readonly<Record<string, object>>;
}

export const submitJob = (body: JobRequest): Promise<Job> =>
  call(jobSchema, 'api/images/jobs', { method: 'POST', body, headers: { 'idempotency-key': drawId() } });

export const cancelJob = (id: string): Promise<Job> =>
  call(jobSchema, `api/images/jobs/${id}`, { method: 'DELETE' });

export const setPriority = (id: string, priority: number): Promise<Job> =>
  call(jobSchema, `api/images/jobs/${id}`, { method: 'PATCH', body: { priority } });

export const listJobs = async (limit: number): Promise<Job[]> =>
  (await call(jobsSchema, `api/images/jobs?limit=${limit}`)).jobs;

export const listModels = () => call(modelsSchema, 'api/images/models');

const lorasSchema = z.array(z.looseObject({ name: z.string() }));
/** Names that prompts have for the LoRAs of the server. */
export const listLoras = async (): Promise<string[]> =>
  (await call(lorasSchema, 'sdapi/v1/loras')).map(({ name }) => name);

const controlNetsSchema = z.looseObject({ model_list: z.array(z.string()) });
/** Names that requests have for the ControlNets of the server. */
export const listControlNets = async (): Promise<string[]> =>
  (await call(controlNetsSchema, 'controlnet/model_list')).model_list;

export const gridAddress = (id: string): string => addressOf(`api/images/jobs/${id}/grid`);
export const imageAddress = (name: string): string => addressOf(`api/images/results/${name}`);
export const thumbnailAddress = (name: string): string => addressOf(`api/images/results/${name}/thumbnail`);
export const previewAddress = (id: string, index: number, step: number): string =>
  addressOf(`api/images/jobs/${id}/previews/${index}?step=${step}`);
