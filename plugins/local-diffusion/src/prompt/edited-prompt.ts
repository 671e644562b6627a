/** Text, or a part that is another text at another step. */
type Node =
  | string
  | { readonly kind: 'scheduled'; readonly before: Nodes; readonly after: Nodes; readonly when: string }
  | { readonly kind: 'alternating'; readonly texts: readonly Nodes[] };
type Nodes = readonly Node[];

/** A prompt taken apart by {@link readEditedPrompt}. */
export type EditedPrompt = Nodes;

/** A bracket that has been opened: its parts, and the signs between them. */
interface OpenBracket {
  readonly sign: '' | '[' | '(';
  readonly parts: Node[][];
  readonly separators: string[];
}

/** An escape, a sign, or text up to any of these. */
const signs = /\\.|[[\]():|]|[^\\[\]():|]+|\\/gsu;
const number = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)\s*$/;
/** Brackets within brackets; deeper ones are text. */
const deepest = 100;

/**
 * Takes a prompt apart by webui's grammar of prompt editing (`schedule_parser` of `modules/prompt_parser.py`
 * in stable-diffusion-webui): `[before:after:when]`, `[after:when]`, `[before::when]` and `[one|other]`, all
 * of them nested. All other brackets stay text. It differs where webui's grammar fails and reads the whole
 * prompt as text: a `|` outside of brackets is text there alone.
 */
export function readEditedPrompt(prompt: string): EditedPrompt {
  const open: OpenBracket[] = [opened('')];
  const last = () => open.at(-1)!;
  const add = (...nodes: Node[]) =>
    last()
      .parts.at(-1)!
      .push(...nodes);
  for (const [sign] of prompt.matchAll(signs)) {
    if ((sign === '[' || sign === '(') && open.length < deepest) open.push(opened(sign));
    else if (sign === ':' || sign === '|') {
      last().separators.push(sign);
      last().parts.push([]);
    } else if (sign === ']' || sign === ')') {
      const wanted = sign === ']' ? '[' : '(';
      const at = open.findLastIndex((bracket) => bracket.sign === wanted);
      if (at === -1) add(sign);
      else {
        while (open.length > at + 1) add(...asText(open.pop()!));
        const bracket = open.pop()!;
        add(...(meaningOf(bracket) ?? [...asText(bracket), sign]));
      }
    } else add(sign);
  }
  while (open.length > 1) add(...asText(open.pop()!));
  return asText(last());
}

/** Whether a prompt is the same at all steps. */
export const isPlain = (prompt: EditedPrompt): boolean => prompt.every((node) => typeof node === 'string');

const opened = (sign: OpenBracket['sign']): OpenBracket => ({ sign, parts: [[]], separators: [] });

function asText({ sign, parts, separators }: OpenBracket): Node[] {
  const all: Node[] = [sign];
  for (const [index, part] of parts.entries()) {
    if (index > 0) all.push(separators[index - 1]!);
    all.push(...part);
  }
  return joined(all);
}

/** Texts side by side as one, so that brackets that are never closed cost nothing to open. */
function joined(nodes: readonly Node[]): Node[] {
  const all: Node[] = [];
  for (const node of nodes) {
    const last = all.at(-1);
    if (typeof node === 'string' && typeof last === 'string') all[all.length - 1] = last + node;
    else all.push(node);
  }
  return all;
}

/** Undefined for a bracket that is text. */
function meaningOf({ sign, parts, separators }: OpenBracket): Node[] | undefined {
  if (sign !== '[' || separators.length === 0) return undefined;
  if (separators.every((separator) => separator === '|')) return [{ kind: 'alternating', texts: parts }];
  if (separators.length > 2 || separators.includes('|')) return undefined;
  const last = parts.at(-1)!;
  const when = last.every((node) => typeof node === 'string') ? last.join('') : '';
  if (!number.test(when)) return undefined;
  const [before, after] = parts.length === 2 ? [[], parts[0]!] : [parts[0]!, parts[1]!];
  return [{ kind: 'scheduled', before, after, when: when.trim() }];
}

/** The steps that a prompt is for. */
export interface StepCount {
  readonly steps: number;
  /** Those of a pass whose enlarged image this one goes on from. Absent: there was none. */
  readonly earlierSteps?: number | undefined;
}

/** A prompt as it reads up to a step, counted from 1. */
export interface PromptStage {
  readonly until: number;
  readonly text: string;
}

/**
 * How a prompt reads from step to step: `get_learned_conditioning_prompt_schedules` of the same file. `when`
 * with a point is a share of the steps, without one it is a step; in a second pass both go on from the first
 * one's end.
 */
export function stagesOf(prompt: EditedPrompt, count: StepCount): PromptStage[] {
  const ends = new Set([count.steps]);
  collectEnds(prompt, count, ends);
  return [...ends]
    .sort((one, other) => one - other)
    .map((until) => ({ until, text: textAt(prompt, until, count) }));
}

function collectEnds(nodes: Nodes, count: StepCount, ends: Set<number>): void {
  for (const node of nodes) {
    if (typeof node === 'string') continue;
    if (node.kind === 'alternating') {
      for (let step = 1; step <= count.steps; step++) ends.add(step);
      for (const text of node.texts) collectEnds(text, count, ends);
    } else {
      const end = endOf(node.when, count);
      if (end >= 1) ends.add(end);
      collectEnds(node.before, count, ends);
      collectEnds(node.after, count, ends);
    }
  }
}

function textAt(nodes: Nodes, step: number, count: StepCount): string {
  return nodes
    .map((node): string => {
      if (typeof node === 'string') return node;
      if (node.kind === 'alternating')
        return textAt(node.texts[(step - 1) % node.texts.length]!, step, count);
      return textAt(step <= endOf(node.when, count) ? node.before : node.after, step, count);
    })
    .join('');
}

function endOf(when: string, { steps, earlierSteps }: StepCount): number {
  const value = Number(when);
  const isShare = when.includes('.');
  const passed = earlierSteps === undefined ? 0 : isShare ? 1 : earlierSteps;
  return Math.min(steps, Math.trunc(isShare ? (value - passed) * steps : value - passed));
}
