import { createHash } from 'node:crypto';
import type { AvailableModel } from '../../models/available-models.js';

/** The last version of Ollama that makes images: its clients look for it before they ask for one. */
export const ollamaVersion = '0.32.5';

const capabilities = ['image'] as const;

const detailsOf = ({ pipelineType }: AvailableModel) => ({
  parent_model: '',
  format: '',
  family: pipelineType,
  families: [pipelineType],
  parameter_size: '',
  quantization_level: '',
});

/** A model as Ollama lists it. Its size on disk is not told. */
export const tagOf = (model: AvailableModel, startedAt: Date) => ({
  name: model.id,
  model: model.id,
  modified_at: startedAt.toISOString(),
  size: 0,
  digest: createHash('sha256').update(model.id).digest('hex'),
  details: detailsOf(model),
  capabilities,
});

/** What Ollama tells of one model. */
export const showModel = (model: AvailableModel, startedAt: Date) => ({
  license: '',
  modelfile: '',
  parameters: '',
  template: '',
  details: detailsOf(model),
  model_info: { 'general.architecture': model.pipelineType, 'general.basename': model.name },
  capabilities,
  modified_at: startedAt.toISOString(),
});
