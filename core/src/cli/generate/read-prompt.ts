import { addAbortSignal } from 'node:stream';
import { UsageError } from '../terminal/usage-error.js';

/** Bytes; far more than a prompt may have, so that a wrong file is refused before all of it is read. */
const inputLimit = 1024 * 1024;

/**
 * The prompt: the argument, or stdin for `-` and where there is no argument and stdin is not a terminal.
 * Undefined where there is none and `isOptional`.
 */
export async function readPrompt(
  argument: string | undefined,
  { isOptional, signal }: { isOptional: boolean; signal: AbortSignal },
): Promise<string | undefined> {
  if (argument !== undefined && argument !== '-') {
    if (argument.trim() === '') throw missingPrompt('The prompt is empty');
    return argument;
  }
  if (argument === undefined && isOptional) return undefined;
  if (argument === undefined && process.stdin.isTTY) throw missingPrompt('There is no prompt');
  const prompt = (await readInput(signal)).trim();
  if (prompt === '') throw missingPrompt('There is no prompt, and stdin is empty');
  return prompt;
}

async function readInput(signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of addAbortSignal(signal, process.stdin)) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).byteLength;
    if (size > inputLimit) throw new UsageError(`The prompt on stdin has more than ${inputLimit} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const missingPrompt = (what: string) =>
  new UsageError(what, 'Say what to paint: easel generate "a yellow star at night"');
