import type { PictureRequest } from '../contents.js';

/**
 * The body of a request for one picture in the background, for the same that one to `generateContent` asks
 * for: `CreateModelInteraction` of `@google/genai`.
 *
 * @param previous id of the interaction that it goes on from
 */
export function bodyOf({ model, contents, config = {} }: PictureRequest, previous: string | undefined) {
  const { imageConfig, temperature, topP, thinkingConfig, serviceTier, systemInstruction, safetySettings } =
    config;
  const generation = {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(thinkingConfig?.thinkingLevel === undefined
      ? {}
      : { thinking_level: thinkingConfig.thinkingLevel.toLowerCase() }),
  };
  return {
    model,
    input: (contents.at(-1)?.parts ?? []).map(({ text, inlineData, fileData }) => {
      if (inlineData) return { type: 'image', mime_type: inlineData.mimeType, data: inlineData.data };
      if (fileData) return { type: 'image', mime_type: fileData.mimeType, uri: fileData.fileUri };
      return { type: 'text', text };
    }),
    background: true,
    // What is not stored cannot be asked for afterwards.
    store: true,
    // With words allowed, a model that will not draw says why.
    response_format: [
      { type: 'text' },
      {
        type: 'image',
        ...(imageConfig?.aspectRatio === undefined ? {} : { aspect_ratio: imageConfig.aspectRatio }),
        ...(imageConfig?.imageSize === undefined ? {} : { image_size: imageConfig.imageSize }),
      },
    ],
    ...(previous === undefined ? {} : { previous_interaction_id: previous }),
    ...(Object.keys(generation).length === 0 ? {} : { generation_config: generation }),
    ...(serviceTier === undefined ? {} : { service_tier: serviceTier }),
    ...(systemInstruction === undefined ? {} : { system_instruction: systemInstruction }),
    ...(safetySettings === undefined
      ? {}
      : {
          safety_settings: safetySettings.map(({ category = '', threshold = '' }) => ({
            type: category.replace(/^HARM_CATEGORY_/, '').toLowerCase(),
            threshold: threshold.toLowerCase(),
          })),
        }),
  };
}
