/**
 * What exporters call the inputs and outputs of a network, by our name for them: optimum and Olive first,
 * then diffusers' old script and TensorRT's demo.
 */
export interface Dialect {
  readonly inputs: Readonly<Record<string, readonly string[]>>;
  /** Which input is latents: where a file fixes its size, it makes images of that size only. Absent: none. */
  readonly latents?: string;
  /** Inputs that not every network has. */
  readonly optionalInputs?: readonly string[];
  /** Outputs that not every network has. */
  readonly optionalOutputs?: readonly string[];
  /** Outputs that are not here are known by their own names. */
  readonly outputs: Readonly<Record<string, readonly string[]>>;
}

export const textEncoderDialect: Dialect = {
  inputs: { input_ids: ['input_ids', 'tokens'] },
  outputs: { last_hidden_state: ['last_hidden_state', 'text_embeddings', 'hidden_states'] },
};

/**
 * For families that read the states before the last layer: optimum gives all of them, `hidden_states.0` and
 * on; TensorRT's demo the wanted ones alone, and calls the projection of the second encoder as it calls the
 * last states of the first.
 */
export const penultimateTextEncoderDialect: Dialect = {
  inputs: textEncoderDialect.inputs,
  optionalOutputs: ['text_embeds'],
  outputs: { text_embeds: ['text_embeds', 'text_embeddings'] },
};

export const denoiserDialect: Dialect = {
  latents: 'sample',
  inputs: {
    sample: ['sample', 'latent_sample', 'latent'],
    timestep: ['timestep', 'timesteps', 't'],
    encoder_hidden_states: ['encoder_hidden_states', 'context'],
    timestep_cond: ['timestep_cond'],
    text_embeds: ['text_embeds'],
    time_ids: ['time_ids'],
  },
  optionalInputs: ['timestep_cond', 'text_embeds', 'time_ids'],
  outputs: { out_sample: ['out_sample', 'latent', 'noise_pred', 'sample'] },
};

export const decoderDialect: Dialect = {
  latents: 'latent_sample',
  inputs: { latent_sample: ['latent_sample', 'latent', 'z'] },
  outputs: { sample: ['sample', 'images', 'image'] },
};

export const encoderDialect: Dialect = {
  inputs: { sample: ['sample', 'images', 'image'] },
  outputs: { latents: ['latent_parameters', 'latent_sample', 'latent'] },
};
