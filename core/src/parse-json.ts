/**
 * Parses JSON that people write. A byte order mark in front of it, which editors on Windows put there, is no
 * part of it. Throws a SyntaxError that names the line, and what is mistaken for JSON most often.
 */
export function parseJson(text: string): unknown {
  const json = text.replace(/^\uFEFF/, '');
  try {
    return JSON.parse(json);
  } catch (error) {
    const { message } = error as SyntaxError;
    const place = /at position (\d+)/.exec(message)?.[1];
    if (place === undefined) throw error;
    const before = json.slice(0, Number(place));
    // Newer versions of Node.js name the line themselves.
    const line = message.includes('(line') ? '' : ` in line ${before.split('\n').length}`;
    throw new SyntaxError(`${message}${line}${explain(before, json.slice(before.length))}`);
  }
}

function explain(before: string, after: string): string {
  if (after.startsWith('/')) return '; JSON has no comments';
  const isBehindLast = /^[}\]]/.test(after) && before.trimEnd().endsWith(',');
  return isBehindLast ? '; JSON has no comma behind the last value' : '';
}
