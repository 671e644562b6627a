/**
 * What exporters call the inputs and outputs of a network, by our name for them: optimum and Olive first, then diffusers' old script
 * and TensorRT's demo.
 */
export interface Dialect {
  readonly inputs: Readonly<Record<string, readonly string[]>>;
  /** Inputs that not every network has. */
  readonly optionalInputs?: readonly string[];
  /** Names of the one output that is read, the most wanted first. */
  readonly output: readonly string[];
}

export const textEncoderDialect: Dialect = {
  inputs: { input_ids: ['input_ids', 'tokens'] },
  output: ['last_hidden_state', 'text_embeddings', 'hidden_states'],
};

export const denoiserDialect: Dialect = {
  inputs: {
    sample: ['sample', 'latent_sample', 'latent'],
    timestep: ['timestep', 'timesteps', 't'],
    encoder_hidden_states: ['encoder_hidden_states', 'context'],
    timestep_cond: ['timestep_cond'],
  },
  optionalInputs: ['timestep_cond'],
  output: ['out_sample', 'latent', 'noise_pred', 'sample'],
};

export const decoderDialect: Dialect = {
  inputs: { latent_sample: ['latent_sample', 'latent', 'z'] },
  output: ['sample', 'images', 'image'],
};

export const encoderDialect: Dialect = {
  inputs: { sample: ['sample', 'images', 'image'] },
  output: ['latent_parameters', 'latent_sample', 'latent'],
};
