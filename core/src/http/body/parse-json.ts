import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { HttpError } from '../errors.js';
import { findLargeStrings, type LargeString } from './scan-json.js';

const byteOrderMark = '\u{feff}';
/** One half of a surrogate pair, which is not a character: it cannot be written as UTF-8. */
const halfPair = /\p{Surrogate}/u;

/**
 * The value of a JSON body. Images in it, as base64, are set aside before it is parsed, so that the parser
 * only ever sees a small text, and put back afterwards.
 *
 * @throws HttpError 400 for what is not JSON, not Unicode or not made for people's objects (`__proto__`), 413
 * for what is too large
 */
export function parseJson(body: Buffer): unknown {
  if (!isUtf8(body)) throw invalid('it is not UTF-8');
  const large = findLargeStrings(body);
  const marks = large.map(() => randomUUID());
  const root = { value: parseText(withMarks(body, large, marks)) };
  const texts = new Map(large.map((place, index) => [marks[index], readString(body, place)] as const));
  const restored = checkAndRestore(root, texts);
  // A large string that is the name of a field has no place to be put back to; of fields with the same name
  // the last one counts.
  if (restored < texts.size) throw invalid('a field is there twice, or its name is too long');
  return root.value;
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text.startsWith(byteOrderMark) ? text.slice(1) : text);
  } catch (error) {
    throw invalid((error as Error).message.slice(0, 200));
  }
}

/** What a JSON string of ASCII says. */
function readString(body: Buffer, { start, end }: LargeString): string {
  const raw = body.toString('latin1', start, end);
  return raw.includes('\\') ? String(parseText(`"${raw}"`)) : raw;
}

function withMarks(body: Buffer, large: readonly LargeString[], marks: readonly string[]): string {
  let [text, from] = ['', 0];
  for (const [index, { start, end }] of large.entries()) {
    text += body.toString('utf8', from, start) + marks[index];
    from = end;
  }
  return text + body.toString('utf8', from);
}

/** Goes over all values without recursion, and answers how many texts were put back. */
function checkAndRestore(root: { value: unknown }, texts: ReadonlyMap<string | undefined, string>): number {
  let restored = 0;
  const open: { readonly parent: object; readonly path: string }[] = [{ parent: root, path: '' }];
  for (let next = open.pop(); next; next = open.pop()) {
    for (const [name, value] of Object.entries(next.parent)) {
      const path = next.parent === root ? '' : next.path === '' ? name : `${next.path}.${name}`;
      if (name === '__proto__' || halfPair.test(name))
        throw invalid('a field has a name that is not allowed', path);
      if (typeof value === 'object' && value !== null) open.push({ parent: value, path });
      else if (typeof value === 'number' && !Number.isFinite(value))
        throw invalid('a number is too large', path);
      else if (typeof value === 'string') {
        const text = texts.get(value);
        if (text !== undefined) {
          Object.assign(next.parent, { [name]: text });
          restored++;
        } else if (halfPair.test(value)) throw invalid('it has half of a surrogate pair', path);
      }
    }
  }
  return restored;
}

function invalid(what: string, path?: string): HttpError {
  const param = path?.slice(0, 100).replace(/\p{Surrogate}/gu, '?') || undefined;
  return new HttpError(
    400,
    'invalid_json',
    param ? `${param}: ${what}.` : `The body is not valid JSON: ${what}.`,
    { param },
  );
}
