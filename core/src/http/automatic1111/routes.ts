import type { Progress } from '@easel/plugin-sdk';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { makeResult } from '../make-result.js';
import { addOperation } from '../operation.js';
import { parseBody } from '../parse-body.js';
import { defaultDelivery } from '../request-fields.js';
import type { ServerContext } from '../server-context.js';
import { placeholderOf, sendJson } from '../splice-base64.js';
import { automaticOperations as operations } from './operations.js';
import { automaticOptionsSchema, automaticRequestSchema, fromAutomaticRequest } from './request.js';

/** `/sdapi/v1/...`: the routes of Automatic1111's web UI that its many clients use. */
export const automaticRoutes = (context: ServerContext) => async (server: FastifyInstance) => {
  const { manager } = context;
  /** The newest call that is being made, as its API knows only one. */
  let latest: Progress | undefined;

  const make = async (request: FastifyRequest, reply: FastifyReply) => {
    const { asked, warnings: ours } = await fromAutomaticRequest(
      parseBody(automaticRequestSchema, request.body),
    );
    const onProgress = (progress: Progress) => {
      latest = progress;
    };
    try {
      const { images, provenance, warnings } = await makeResult(context, asked, defaultDelivery, {
        request,
        reply,
        onProgress,
      });
      const {
        prompt,
        negativePrompt,
        seed = -1,
        steps,
        guidanceScale,
        width,
        height,
      } = provenance.parameters;
      const info = {
        prompt,
        negative_prompt: negativePrompt ?? '',
        seed,
        all_seeds: images.map((image) => image.seed ?? -1),
        steps,
        cfg_scale: guidanceScale,
        width,
        height,
        sd_model_name: provenance.model,
        warnings: [...warnings, ...ours],
      };
      const body = {
        images: images.map((_, index) => placeholderOf(index)),
        parameters: {},
        info: JSON.stringify(info),
      };
      const pictures = images.map(({ bytes }) => bytes);
      return await sendJson(reply, body, pictures);
    } finally {
      latest = undefined;
    }
  };
  addOperation(server, operations.textToImage, make);
  addOperation(server, operations.imageToImage, make);

  addOperation(server, operations.options, async () => ({
    sd_model_checkpoint: manager.currentModel ?? null,
  }));
  addOperation(server, operations.setOptions, async (request) => {
    const { sd_model_checkpoint } = parseBody(automaticOptionsSchema, request.body);
    if (sd_model_checkpoint) manager.switchModel(sd_model_checkpoint);
    return {};
  });

  addOperation(server, operations.models, async () =>
    manager.getAvailableModels().map(({ id }) => ({
      title: id,
      model_name: id,
      hash: null,
      sha256: null,
      filename: id,
      config: null,
    })),
  );

  addOperation(server, operations.progress, async () => ({
    progress: latest?.fraction ?? 0,
    eta_relative: 0,
    state: {
      job: latest ? latest.stage : '',
      job_count: latest ? 1 : 0,
      sampling_step: latest?.step ?? 0,
      sampling_steps: latest?.steps ?? 0,
    },
    current_image: null,
    textinfo: latest?.message ?? null,
  }));
};
