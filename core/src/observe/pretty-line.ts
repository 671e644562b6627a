import { styleText } from 'node:util';
import { z } from 'zod';

const entrySchema = z.looseObject({
  level: z.string(),
  time: z.string(),
  msg: z.string().default(''),
  plugin: z.string().optional(),
});

const colours = { error: 'red', warn: 'yellow', info: 'green' } as const;

/** Control characters, which a terminal would obey: lines come from plugins, providers and callers. */
const printable = (text: string) => text.replace(/(?![\t\n])\p{Cc}/gu, '\u{fffd}');

/**
 * A line of JSON as people read it on a terminal, with its time of day. A line that is none of ours stays as
 * it is.
 */
export function prettyLine(json: string, hasColours: boolean): string {
  const parsed = entrySchema.safeParse(JSON.parse(json));
  if (!parsed.success) return json;
  const { level, time, msg, plugin, ...details } = parsed.data;
  const colour = hasColours ? colours[level as keyof typeof colours] : undefined;
  const said = new Set(msg.split(' '));
  const clock = new Date(time).toTimeString().slice(0, 8);
  const words = [
    clock,
    colour ? styleText(colour, level.padEnd(5)) : level.padEnd(5),
    printable(`${plugin === undefined ? '' : `${plugin}: `}${msg}`),
    ...Object.entries(details)
      .map(([name, value]) => [name, textOf(value)] as const)
      // What the message says already, as a word of its own: 4 ms are no part of a status of 404.
      .filter(([name, value]) => name === 'durationMs' || !said.has(value))
      .map(([name, value]) => printable(`${name}=${value}`)),
  ];
  return `${words.join(' ')}\n`;
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
