import { EaselError, promptLimit } from '@easel/plugin-sdk';
import { type Choice, isFixed, readTemplate, type Template, type Variant } from './read-template.js';
import type { Wildcards } from './wildcards.js';

/** What a prompt with choices in it has become. */
export interface ExpandedPrompt {
  readonly text: string;
  /** A sentence for each thing that had no effect. */
  readonly warnings: readonly string[];
}

/** Wildcards within wildcards. */
const deepest = 20;
const mostWildcards = 500;
const shown = 3;

/**
 * Chooses the parts of a prompt, as sd-dynamic-prompts does: `{one|other}`, `{2$$one|other|third}`, and
 * `__name__` by a line of a file.
 *
 * @param random draws from 0 up to 1
 * @param wildcards absent: there are none
 * @returns undefined for a prompt in which nothing is to be chosen
 * @throws ERR_REQUEST_INVALID for wildcards that name themselves, and for what becomes too long
 */
export async function expandPrompt(
  prompt: string,
  random: () => number,
  wildcards: Wildcards | undefined,
): Promise<ExpandedPrompt | undefined> {
  const template = readTemplate(prompt);
  if (isFixed(template) && template.join('') === prompt) return undefined;
  const missing = new Set<string>();
  let length = 0;
  let asked = 0;

  async function print(parts: Template, depth: number): Promise<string> {
    if (depth > deepest) refuse(`its wildcards name one another more than ${deepest} deep`);
    let text = '';
    for (const part of parts) {
      if (typeof part === 'string') text += counted(part);
      else if (part.kind === 'variant') text += await choose(part, depth);
      else {
        const choices = await linesOf(part.name);
        const line = choices[Math.floor(random() * choices.length)];
        if (line === undefined) missing.add(part.text);
        text += line === undefined ? counted(part.text) : await print(readTemplate(line), depth + 1);
      }
    }
    return text;
  }

  const counted = (text: string) => {
    length += text.length;
    if (length > promptLimit) refuse(`it becomes longer than ${promptLimit} characters`);
    return text;
  };

  async function linesOf(name: string): Promise<readonly string[]> {
    if (!wildcards) return [];
    asked += 1;
    if (asked > mostWildcards) refuse(`it names more than ${mostWildcards} wildcards`);
    return await wildcards.choicesOf(name);
  }

  async function choose(variant: Variant, depth: number): Promise<string> {
    const left = await allChoices(variant);
    const { least, most } = variant;
    const wanted = Math.min(
      left.length,
      least + Math.floor(random() * (Math.min(most, left.length) - least + 1)),
    );
    const texts: string[] = [];
    while (texts.length < wanted) {
      const [choice] = left.splice(drawIndex(left, random), 1) as [Choice | string];
      const isLine = typeof choice === 'string';
      texts.push(await print(isLine ? readTemplate(choice) : choice.template, isLine ? depth + 1 : depth));
    }
    return texts.join(counted(variant.separator));
  }

  /** Several of one wildcard are several of its lines. */
  async function allChoices({ choices, least, most }: Variant): Promise<(Choice | string)[]> {
    const [only, ...others] = choices;
    const parts = only?.template.filter((part) => part !== '') ?? [];
    const [wildcard] = parts;
    if (Math.max(least, most) < 2 || others.length > 0 || parts.length !== 1) return [...choices];
    if (wildcard === undefined || typeof wildcard === 'string' || wildcard.kind !== 'wildcard')
      return [...choices];
    const lines = await linesOf(wildcard.name);
    return lines.length === 0 ? [...choices] : [...lines];
  }

  const text = await print(template, 0);
  const why = wildcards
    ? 'no text file in the folder of wildcards has that name, or it is empty'
    : 'no folder of wildcards is configured (wildcardFolder)';
  const told = [...missing].slice(0, shown).map((name) => `"${name.slice(0, 60)}" had no effect: ${why}.`);
  return { text, warnings: told };
}

function refuse(what: string): never {
  throw new EaselError({ code: 'ERR_REQUEST_INVALID', field: 'prompt', message: `prompt: ${what}.` });
}

/** By weight; evenly where all weigh nothing. */
function drawIndex(choices: readonly (Choice | string)[], random: () => number): number {
  const weightOf = (choice: Choice | string) => (typeof choice === 'string' ? 1 : choice.weight);
  const all = choices.reduce((sum, choice) => sum + weightOf(choice), 0);
  let left = random() * (all || choices.length);
  const index = choices.findIndex((choice) => {
    left -= all === 0 ? 1 : weightOf(choice);
    return left < 0;
  });
  return index === -1 ? choices.length - 1 : index;
}
