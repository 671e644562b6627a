import { createParser } from 'eventsource-parser';
import { z } from 'zod';
import { refusedBy, unreadable } from '../failures.js';

/** Characters of one event; the largest image makes some 40 MB of base64. */
const mostCharacters = 128 * 1024 * 1024;

const eventSchema = z.looseObject({ type: z.string().optional(), error: z.unknown().optional() });

/**
 * Reads a stream of events (platform.openai.com/docs/guides/image-generation, streaming) up to the one that
 * has the image.
 *
 * @param onEvent told of all others
 * @returns the last event
 * @throws EaselError where the stream ends without an image, or has an error in it
 */
export async function readEvents(
  server: string,
  body: AsyncIterable<Uint8Array>,
  onEvent: (event: Readonly<Record<string, unknown>>) => void,
): Promise<Readonly<Record<string, unknown>>> {
  const texts: string[] = [];
  const parser = createParser({
    maxBufferSize: mostCharacters,
    onEvent: ({ data }) => void texts.push(data),
  });
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    for (const text of texts.splice(0)) {
      if (text === '[DONE]') break;
      const event = readEvent(server, text);
      if (event.error) throw refusedBy(server, 200, event);
      if (event.type?.endsWith('.completed')) return event;
      onEvent(event);
    }
  }
  throw unreadable(server, 'its stream ended without an image');
}

function readEvent(server: string, data: string) {
  try {
    return eventSchema.parse(JSON.parse(data));
  } catch {
    throw unreadable(server, 'an event of its stream is not of the protocol');
  }
}
