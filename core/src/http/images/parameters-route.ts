import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { wantedSchema } from '../../jobs/wanted.js';
import { findProvenance } from '../../results/read-provenance.js';
import { fromBase64 } from '../input-image.js';
import { addOperation, type Operation } from '../operation.js';
import { parseBody } from '../parse-body.js';
import { describeWanted } from './describe-wanted.js';

const bodySchema = z.strictObject({
  image: z.string().min(1).describe('A PNG, JPEG, WebP or AVIF file, as base64 or a data URL.'),
});

const operation: Operation = {
  tag: 'Pictures',
  method: 'POST',
  path: '/api/images/parameters',
  scope: 'read',
  summary:
    'Tells the request that makes an image again, as far as its file tells it; files of other tools too.',
  body: bodySchema,
  answer: 'readParameters',
};

/** `POST /api/images/parameters`: what a file tells of how it was made, as a request to this server. */
export const parametersRoute = () => async (server: FastifyInstance) => {
  addOperation(server, operation, async (request) => {
    const { image } = parseBody(bodySchema, request.body);
    const found = findProvenance(fromBase64(image, 'image').bytes, 'image');
    if (!found) return { made_by_easel: false, request: null, warnings: [] };
    const { request: told, warnings, document } = found;
    const { providerOptions } = told;
    return {
      made_by_easel: document !== undefined,
      request: {
        ...describeWanted(wantedSchema.parse(told)),
        ...(providerOptions ? { provider_options: providerOptions } : {}),
      },
      warnings,
    };
  });
};
