/** A single-byte encoding, both ways. Bytes that the encoding leaves undefined stand for the control characters C1. */
export interface SingleByteEncoding {
  readonly name: string;
  /** The bytes as a string of characters U+0000 to U+00FF; undefined if the text has a character that is not of the encoding. */
  encode(text: string): string | undefined;
  /** The character of a byte. */
  character(byte: number): string;
}

function build(name: string, characters: readonly string[]): SingleByteEncoding {
  const bytes = new Map(characters.map((character, byte) => [character, String.fromCharCode(byte)]));
  return {
    name,
    encode(text) {
      let encoded = '';
      for (const character of text) {
        const byte = bytes.get(character);
        if (byte === undefined) return undefined;
        encoded += byte;
      }
      return encoded;
    },
    character: (byte) => characters[byte]!,
  };
}

function fromPlatform(name: string): SingleByteEncoding {
  const decoder = new TextDecoder(name);
  const characters = Array.from({ length: 256 }, (_, byte) => decoder.decode(Uint8Array.of(byte)));
  // The byte 1A is what lossy converters put for a character they do not know.
  if (name.startsWith('windows-')) characters[0x1a] = '\ufffd';
  return build(name, characters);
}

export const latin1 = build(
  'latin-1',
  Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)),
);
export const windows1252 = fromPlatform('windows-1252');

/** The encodings that text is most often misread in, likeliest first. */
export const singleByteEncodings: readonly SingleByteEncoding[] = [
  latin1,
  windows1252,
  ...['windows-1251', 'windows-1250', 'windows-1253', 'windows-1254', 'windows-1257'].map(fromPlatform),
  fromPlatform('iso-8859-2'),
  fromPlatform('macintosh'),
];
