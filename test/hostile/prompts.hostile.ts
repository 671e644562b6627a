import { expect, it } from 'vitest';
import { inParallel, type Shot, send, slowest, tally } from './send.js';
import { answerMs, underAttack } from './under-attack.js';

const most = 32_000;
const prompts = [
  'BREAK '.repeat(5_300),
  '('.repeat(most),
  '(a'.repeat(most / 2),
  '[a|'.repeat(most / 3),
  ':'.repeat(most),
  '\\'.repeat(most),
  '&amp;'.repeat(most / 5),
  '<lora:x:1>'.repeat(most / 10),
  '!?'.repeat(most / 2),
  '\u00c3\u00a9'.repeat(most / 2),
  '\u4e2d'.repeat(most),
  'a'.repeat(most),
  'a b '.repeat(most / 4),
  '\u{1f600}'.repeat(most / 4),
];

it('prompts that are made to take memory are refused, and quarantine nobody', () =>
  underAttack('prompts', async ({ url }) => {
    const shots = prompts.flatMap((prompt): Shot[] =>
      [
        { prompt, negative_prompt: '' },
        { prompt: 'a star', negative_prompt: prompt },
        { prompt, negative_prompt: prompt },
      ].map((texts) => ({
        method: 'POST',
        path: '/v1/images/generations',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...texts, model: 'picturebook', size: '96x96', steps: 1, seed: 7 }),
      })),
    );
    const answers = await inParallel(shots, 2, (shot) => send(url, shot));
    const wrong = answers.filter(({ status }) => status !== 200 && status !== 400);
    expect(wrong).toEqual([]);
    expect(slowest(answers)).toBeLessThan(answerMs);
    return { ...tally(answers), slowestMs: slowest(answers) };
  }));
