/** What a denoising network may be trained to predict: the noise, or a mixture of noise and image. */
export const predictionTypes = ['epsilon', 'v_prediction'] as const;
export type PredictionType = (typeof predictionTypes)[number];
