import { withoutFolder } from './describe-error.js';

/** Lines that are kept: a stack of 10 frames, what its error carries, and the line of code before it. */
const keptLines = 60;
const shownFrames = 3;
const longest = 500;

/** The end of what a plugin has written on stderr, and what it says of why the plugin has ended. */
export class LastWords {
  readonly #folder: string;
  readonly #lines: string[] = [];

  /** @param folder absolute path of the plugin's folder; paths in it are told without it */
  constructor(folder: string) {
    this.#folder = folder;
  }

  hear(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > keptLines) this.#lines.shift();
  }

  /**
   * One line: the message and first frames of an error that ended the plugin, or the last line that says
   * something.
   */
  get text(): string {
    const said = findError(this.#lines) ?? [this.#lines.findLast(saysSomething) ?? ''];
    return withoutFolder(said.map((line) => line.trim()).join(' '), this.#folder).slice(0, longest);
  }
}

/**
 * The report of an uncaught error at the end: its message and first frames. Undefined: the lines do not end
 * in one.
 */
function findError(lines: readonly string[]): string[] | undefined {
  const last = lines.findLastIndex((line) => line.trim() !== '' && !line.startsWith('Node.js v'));
  // Properties and causes of an error follow the last frame of its stack in braces.
  const end =
    lines[last] === '}' ? lines.slice(0, last).findLastIndex((line) => /^ {4}at .*\{$/.test(line)) : last;
  const first = firstFrame(lines, end);
  if (first === undefined) return undefined;
  const before = lines.slice(0, first);
  const message = before.slice(
    before.findLastIndex((line) => line.trim() === '' || /^\s*\^+$/.test(line)) + 1,
  );
  const frames = lines.slice(first, Math.min(end + 1, first + shownFrames));
  return [...message.slice(-3), ...frames.map((line) => line.replace(/ \{$/, ''))];
}

/** Where the frames begin that end at a line. Undefined: that line is no frame. */
function firstFrame(lines: readonly string[], end: number): number | undefined {
  let first = end;
  while (first >= 0 && /^\s+at /.test(lines[first] ?? '')) first--;
  return first === end ? undefined : first + 1;
}

/**
 * Not the frame of a stack, of JavaScript or native, and not the line with which Node ends its report of an
 * uncaught error.
 */
const saysSomething = (line: string) => line.trim() !== '' && !/^\s*at |^\s*\d+: 0x|^Node\.js v/.test(line);
