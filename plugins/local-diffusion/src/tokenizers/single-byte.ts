/**
 * A single-byte encoding, both ways. Bytes that the encoding leaves undefined stand for latin-1's characters.
 */
export interface SingleByteEncoding {
  readonly name: string;
  /**
   * The bytes as a string of characters U+0000 to U+00FF; undefined if the text has a character that is not
   * of the encoding.
   */
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
  const characters = Array.from({ length: 256 }, (_, byte) => {
    const character = decoder.decode(Uint8Array.of(byte));
    return character === '\ufffd' ? String.fromCharCode(byte) : character;
  });
  // The byte 1A is what lossy converters put for a character they do not know.
  if (name.startsWith('windows-')) characters[0x1a] = '\ufffd';
  return build(name, characters);
}

export const latin1 = build(
  'latin-1',
  Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)),
);
/** Bytes 80 to 9F. Spelt out, because TextDecoder of Node 20 reads windows-1252 as latin-1. */
const windows1252Upper = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
export const windows1252 = build(
  'windows-1252',
  Array.from({ length: 256 }, (_, byte) => {
    if (byte === 0x1a) return '\ufffd';
    return windows1252Upper[byte - 0x80] ?? String.fromCharCode(byte);
  }),
);

/** The code page of DOS, bytes 80 to FF; the platform has no decoder for it. */
const dosUpper =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐' +
  '└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■ ';
const dos = build(
  'cp437',
  Array.from({ length: 256 }, (_, byte) => dosUpper[byte - 0x80] ?? String.fromCharCode(byte)),
);

/** The encodings that text is most often misread in, likeliest first. */
export const singleByteEncodings: readonly SingleByteEncoding[] = [
  latin1,
  windows1252,
  ...['windows-1251', 'windows-1250', 'windows-1253', 'windows-1254', 'windows-1257'].map(fromPlatform),
  fromPlatform('iso-8859-2'),
  fromPlatform('macintosh'),
  dos,
];
