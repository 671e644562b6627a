import type { FastifyInstance } from 'fastify';
import { TensorFileList } from '../../model-files/list-tensor-files.js';
import { findModel } from '../find-model.js';
import { cancelJob, findJob } from '../jobs/find-job.js';
import { keyOf, submitJob } from '../make-result.js';
import { addOperation, type Operation } from '../operation.js';
import { parseBody } from '../parse-body.js';
import type { ServerContext } from '../server-context.js';
import { sendJson } from '../splice-base64.js';
import { capabilitiesOf } from './capabilities.js';
import { aboutJob, describeJob } from './describe-job.js';
import { fromSdcppRequest } from './from-request.js';
import { sdcppRequestSchema } from './request.js';

type ById = { Params: { id: string } };
const sdcpp = { tag: 'stable-diffusion.cpp', failure: 'sdcppFailed' } as const;

const operations = {
  capabilities: {
    ...sdcpp,
    method: 'GET',
    path: '/sdcpp/v1/capabilities',
    scope: 'read',
    summary: 'Tells what the current model can do.',
    answer: 'sdcppCapabilities',
  },
  generate: {
    ...sdcpp,
    method: 'POST',
    path: '/sdcpp/v1/img_gen',
    scope: 'generate',
    summary: 'Accepts images as a job.',
    isCreating: true,
    body: sdcppRequestSchema,
    example: { prompt: 'a red house under a yellow star' },
    status: 202,
    answer: 'sdcppAccepted',
  },
  job: {
    ...sdcpp,
    method: 'GET',
    path: '/sdcpp/v1/jobs/:id',
    scope: 'generate',
    summary: 'Tells the state of a job, and its images once they are made.',
    answer: 'sdcppJob',
  },
  cancel: {
    ...sdcpp,
    method: 'POST',
    path: '/sdcpp/v1/jobs/:id/cancel',
    scope: 'generate',
    summary: 'Cancels a job, also one that runs.',
    answer: 'sdcppJob',
  },
} as const satisfies Record<string, Operation>;

/** `/sdcpp/v1/...`: the jobs of stable-diffusion.cpp's server. */
export const sdcppRoutes = (context: ServerContext) => async (server: FastifyInstance) => {
  const loras = new TensorFileList();
  addOperation(server, operations.capabilities, async () => await capabilitiesOf(context, loras));

  addOperation(server, operations.generate, async (request, reply) => {
    const body = parseBody(sdcppRequestSchema, request.body);
    const { asked, warnings } = await fromSdcppRequest(body, findModel(context.manager, body.model));
    const { job } = await submitJob(context, {
      caller: request.apiKey?.id ?? '',
      request: asked,
      priority: 0,
      idempotencyKey: keyOf(request),
    });
    reply.status(202);
    return { ...aboutJob(job), poll_url: `${context.prefix}/sdcpp/v1/jobs/${job.id}`, warnings };
  });

  addOperation<ById>(server, operations.job, async (request, reply) => {
    const job = await findJob(context, request, request.params.id);
    const { answer, pictures } = await describeJob(context, request, job);
    return await sendJson(reply, answer, pictures);
  });

  addOperation<ById>(server, operations.cancel, async (request) => {
    const job = await cancelJob(context, request, request.params.id);
    return (await describeJob(context, request, job)).answer;
  });
};
