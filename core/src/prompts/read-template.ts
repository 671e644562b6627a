/** A prompt in which parts are chosen when it is used. */
export type Template = readonly TemplatePart[];

type TemplatePart =
  | string
  | { readonly kind: 'wildcard'; readonly name: string; readonly text: string }
  | Variant;

/** `{2$$ and $$one|0.5::other}`: so many of the choices, with a text between them. */
export interface Variant {
  readonly kind: 'variant';
  readonly least: number;
  readonly most: number;
  readonly separator: string;
  readonly choices: readonly Choice[];
}

export interface Choice {
  /** How often it is taken, relative to the others. */
  readonly weight: number;
  readonly template: Template;
}

/** A brace that has been opened, with what has been read behind it. */
interface OpenBrace {
  readonly choices: TemplatePart[][];
  /** Square brackets in it that are open: a `|` in them is not its own. */
  squares: number;
}

/** `__name__`, with folders and `*`. */
const wildcard = '__(?:[\\p{L}\\p{N}./*-]|_(?!_))+?__';
const signs = new RegExp(`\\\\[{}]|${wildcard}|[{}|[\\]]|[^\\\\{}|[\\]_]+|.`, 'gsu');
const wildcardOnly = new RegExp(`^${wildcard}$`, 'u');
const count = /^(\d{1,3})?(-)?(\d{1,3})?\$\$(?:([^$|{}]*)\$\$)?/;
const weight = /^\s*(\d+(?:\.\d+)?|\.\d+)::/;
/** Braces within braces; deeper ones are text. */
const deepest = 20;

/**
 * Reads the syntax of sd-dynamic-prompts (`docs/SYNTAX.md`) as far as variants and wildcards go. Braces with
 * neither `|` nor `$$` in them stay text, and so does the whole of a prompt that is JSON. A backslash before a
 * brace makes it text.
 */
export function readTemplate(prompt: string): Template {
  if (isJson(prompt)) return [prompt];
  const open: OpenBrace[] = [{ choices: [[]], squares: 0 }];
  const last = () => open.at(-1)!;
  const add = (...parts: TemplatePart[]) =>
    last()
      .choices.at(-1)!
      .push(...parts);
  for (const [sign] of prompt.matchAll(signs)) {
    const brace = last();
    if (sign === '{' && open.length <= deepest) open.push({ choices: [[]], squares: 0 });
    else if (sign === '}' && open.length > 1) add(...closed(open.pop()!));
    else if (sign === '|' && open.length > 1 && brace.squares === 0) brace.choices.push([]);
    else {
      if (sign === '[') brace.squares += 1;
      else if (sign === ']') brace.squares = Math.max(0, brace.squares - 1);
      add(
        wildcardOnly.test(sign) ? { kind: 'wildcard', name: sign.slice(2, -2), text: sign } : unescaped(sign),
      );
    }
  }
  while (open.length > 1) add(...['{', ...asText(open.pop()!)]);
  return last().choices[0]!;
}

/** Whether nothing is chosen in it. */
export const isFixed = (template: Template): boolean => template.every((part) => typeof part === 'string');

const unescaped = (sign: string) => (/^\\[{}]$/.test(sign) ? sign.slice(1) : sign);

function closed(brace: OpenBrace): TemplatePart[] {
  const [first = [], ...others] = brace.choices;
  const head = leadingText(first);
  const [counted, from, dash, to, separator] = count.exec(head) ?? [];
  if (counted === undefined && others.length === 0) return ['{', ...first, '}'];
  const choices = [withoutStart(first, counted?.length ?? 0), ...others].map((parts): Choice => {
    const [marked, value = '1'] = weight.exec(leadingText(parts)) ?? [];
    return { weight: Number(value), template: withoutStart(parts, marked?.length ?? 0) };
  });
  const least = counted === undefined ? 1 : Number(from ?? 1);
  const most = dash ? (to === undefined ? Number.POSITIVE_INFINITY : Number(to)) : least;
  return [{ kind: 'variant', least, most: Math.max(least, most), separator: separator ?? ', ', choices }];
}

const lengthOfText = (parts: readonly TemplatePart[]): number => {
  const end = parts.findIndex((part) => typeof part !== 'string');
  return end === -1 ? parts.length : end;
};

/** What stands before anything that is chosen. */
const leadingText = (parts: readonly TemplatePart[]): string => parts.slice(0, lengthOfText(parts)).join('');

const withoutStart = (parts: readonly TemplatePart[], length: number): TemplatePart[] => [
  leadingText(parts).slice(length),
  ...parts.slice(lengthOfText(parts)),
];

const asText = ({ choices }: OpenBrace): TemplatePart[] =>
  choices.flatMap((parts, index) => (index === 0 ? parts : ['|', ...parts]));

function isJson(prompt: string): boolean {
  if (!/^\s*[{[]/.test(prompt)) return false;
  try {
    return typeof JSON.parse(prompt) === 'object';
  } catch {
    return false;
  }
}
