import { parseJson } from '@easel/plugin-sdk';
import { WebSocket } from 'ws';
import { z } from 'zod';

const eventSchema = z.object({
  type: z.string(),
  data: z.looseObject({
    prompt_id: z.string().nullish(),
    node: z.string().nullish(),
    value: z.number().nullish(),
    max: z.number().nullish(),
  }),
});
/** Of ComfyUI's `protocol.py`: an unfinished image, and one with JSON before it. */
const previewType = 1;
const previewWithMetadataType = 4;
const mostBytes = 16 * 1024 * 1024;

export interface EventListeners {
  /** Told of a node's progress, 0 to 1. */
  readonly onProgress: (promptId: string, fraction: number) => void;
  readonly onPreview: (bytes: Uint8Array<ArrayBuffer>) => void;
  /** Told that a prompt has ended, in whichever way. */
  readonly onEnd: (promptId: string) => void;
}

const ends: readonly string[] = ['execution_success', 'execution_error', 'execution_interrupted'];

/**
 * Listens to what the server tells of the prompts of a client, as long as the connection holds: what is
 * missed is told by the history. Resolves when it listens, or cannot.
 */
export async function listen(baseUrl: string, clientId: string, listeners: EventListeners) {
  const url = new URL(`ws?clientId=${clientId}`, baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`);
  url.protocol = url.protocol.replace('http', 'ws');
  const socket = new WebSocket(url, {
    handshakeTimeout: 5_000,
    maxPayload: mostBytes,
    followRedirects: false,
  });
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) hearBytes(data, listeners);
    else hearText(data.toString('utf8'), listeners);
  });
  await new Promise<void>((resolve) => {
    socket.once('open', resolve);
    socket.once('close', () => resolve());
    // Also after it has been open; the history tells what is missed.
    socket.on('error', () => resolve());
  });
  return () => socket.terminate();
}

function hearText(text: string, { onProgress, onEnd }: EventListeners): void {
  const { data: event } = eventSchema.safeParse(parseJson(text));
  const id = event?.data.prompt_id;
  if (!event || !id) return;
  const { value, max, node } = event.data;
  if (event.type === 'progress' && value && max) onProgress(id, Math.min(1, value / max));
  if (ends.includes(event.type) || (event.type === 'executing' && node === null)) onEnd(id);
}

function hearBytes(data: Buffer, { onPreview }: EventListeners): void {
  if (data.byteLength < 8) return;
  const type = data.readUInt32BE(0);
  const from = type === previewWithMetadataType ? 8 + data.readUInt32BE(4) : 8;
  const isPreview = type === previewType || type === previewWithMetadataType;
  if (isPreview && from < data.byteLength) onPreview(new Uint8Array(data.subarray(from)));
}
