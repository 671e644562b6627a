import type { Preview } from '@easel/plugin-sdk';
import type { EventStream } from '../event-stream.js';
import { placeholderOf } from '../splice-base64.js';
import { formatOf, secondsNow, sizeOf } from './answer.js';

/** The event of a picture that is not done yet, as OpenAI names its fields. */
export function sendPartialImage(
  stream: EventStream,
  kind: 'image_generation' | 'image_edit',
  preview: Preview,
  index: number,
): void {
  const type = `${kind}.partial_image`;
  const data = {
    type,
    b64_json: placeholderOf(0),
    partial_image_index: index,
    created_at: secondsNow(),
    size: sizeOf(preview),
    quality: 'auto',
    background: 'opaque',
    output_format: formatOf(preview),
  };
  stream.send(type, data, [preview.bytes]);
}
