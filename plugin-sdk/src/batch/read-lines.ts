/** Characters of a line; the largest images make some 40 MB of base64. */
const longestLine = 128 * 1024 * 1024;

/**
 * Reads lines of text as they come, so that a file of many pictures is never in memory as a whole.
 *
 * @param stallMs milliseconds without a byte after which it throws
 * @throws what the stream throws where it breaks off, and an Error for a line without end
 */
export async function* readLines(
  stream: ReadableStream<Uint8Array>,
  stallMs: number,
): AsyncGenerator<string, void> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  // Pieces, and not one text that grows: a line may come in thousands of them.
  let pieces: string[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await inTime(reader.read(), stallMs);
      const [first = '', ...others] = decoder.decode(value, { stream: !done }).split('\n');
      pieces.push(first);
      length += first.length;
      for (const other of others) {
        yield pieces.join('');
        pieces = [other];
        length = other.length;
      }
      if (length > longestLine) throw new Error(`a line has more than ${longestLine} characters`);
      if (done) break;
    }
    yield pieces.join('');
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function inTime<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came for ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
