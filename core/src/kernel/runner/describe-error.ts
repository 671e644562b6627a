import { pathToFileURL } from 'node:url';

/**
 * What a plugin has thrown, in one line: name, message, and the place in its folder that it comes from.
 *
 * @param folder absolute path of the plugin's folder
 */
export function describeError(thrown: unknown, folder: string): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { name, message, stack = '' } = thrown;
  const said = withoutFolder(name === 'Error' ? message : `${name}: ${message}`, folder);
  const place = placeIn(stack, folder);
  return place === undefined || said.includes(place) ? said : `${said} (${place})`;
}

/** A text with paths relative to the plugin's folder where they are in it. */
export const withoutFolder = (text: string, folder: string): string =>
  text.replaceAll(`${pathToFileURL(folder).href}/`, '').replaceAll(`${folder}/`, '');

/** The first place of the folder in a stack, such as "index.js:3:9". */
function placeIn(stack: string, folder: string): string | undefined {
  const start = `${pathToFileURL(folder).href}/`;
  for (const part of stack.split(/[\s()]+/)) {
    const place = part.startsWith(start) ? part.slice(start.length) : '';
    if (/:\d+$/.test(place)) return place;
  }
  return undefined;
}
