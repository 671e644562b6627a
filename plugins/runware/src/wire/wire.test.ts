import { describe, expect, it } from 'vitest';
import { classifyError } from '../tasks/classify-error.js';
import { categoryOf } from './category.js';
import { failureOf } from './failures.js';
import { garbledCode, readFrame } from './frame.js';

const complaint = (code: string, more = {}) => ({
  code,
  message: 'x',
  parameters: [],
  taskUUID: 'T',
  ...more,
});

describe('readFrame', () => {
  it('reads data and errors of one message, and each form that errors have had', () => {
    const both = readFrame(
      '{"data":[{"taskUUID":"a","seed":7}],"errors":[{"code":"c","taskUUID":"b","parameter":"steps"}]}',
    );
    expect(both.items).toEqual([{ taskUUID: 'a', seed: 7 }]);
    expect(both.complaints).toMatchObject([{ code: 'c', taskUUID: 'b', parameters: ['steps'] }]);
    expect(readFrame('{"error":{"code":"invalidApiKey"}}').complaints).toMatchObject([
      { code: 'invalidApiKey' },
    ]);
    expect(
      readFrame('{"error":true,"errorId":19,"errorMessage":"Invalid api key"}').complaints,
    ).toMatchObject([{ code: 'invalidApiKey', message: 'Invalid api key' }]);
    const inside = readFrame(
      '{"data":[{"taskUUID":"a","status":"error","error":{"code":"timeoutProvider"}}]}',
    );
    expect(inside).toMatchObject({
      items: [],
      complaints: [{ code: 'timeoutProvider', taskUUID: 'a', status: 'error' }],
    });
  });

  it.each([
    '',
    'no JSON',
    '[]',
    '7',
    'null',
    '{"data":[7]}',
    '{"data":[{"taskUUID":7}]}',
    '{"errors":["x"]}',
    '{"errors":7}',
  ])('makes a complaint of %j', (text) => {
    const { items, complaints } = readFrame(text);
    expect(items).toEqual([]);
    expect(complaints).toMatchObject([{ code: garbledCode }]);
  });

  it('keeps what can be read beside what cannot', () => {
    const { items, complaints } = readFrame('{"data":[{"taskUUID":"a"},{"taskUUID":"b","seed":"x"}]}');
    expect(items).toMatchObject([{ taskUUID: 'a' }]);
    expect(complaints).toMatchObject([{ code: garbledCode, taskUUID: 'b' }]);
  });
});

describe('categoryOf', () => {
  it.each([
    ['invalidApiKey', 'auth'],
    ['missingApiKey', 'auth'],
    ['insufficientCredits', 'quota'],
    ['providerInsufficientCredits', 'quota'],
    ['inferenceRateLimitExceeded', 'rate-limit'],
    ['providerContentPolicyViolation', 'refused'],
    ['promptBlocked', 'refused'],
    ['timeoutProvider', 'late'],
    ['conflictTaskUUID', 'taken'],
    ['taskNotFound', 'unknown-task'],
    ['taskFailedOrNotFound', 'unknown-task'],
    ['unknownModel', 'unknown-model'],
    ['internalServerError', 'failing'],
    ['providerUnavailable', 'failing'],
    ['mediaStorageFileCouldNotBeMoved', 'failing'],
    ['errorRetrievingAccountManagement', 'failing'],
    ['transparentModelMismatch', 'invalid'],
    ['noAvailableServer', 'failing'],
    ['valueTooLarge', 'invalid'],
    ['unknownParameter', 'invalid'],
    ['duplicateSomething', 'invalid'],
    ['somethingNew', 'garbled'],
  ])('%s is %s', (code, category) => expect(categoryOf(complaint(code))).toBe(category));

  it('goes by the status where the code says nothing', () => {
    for (const [httpStatus, category] of [
      [401, 'auth'],
      [402, 'quota'],
      [429, 'rate-limit'],
      [503, 'failing'],
      [404, 'invalid'],
    ] as const)
      expect(categoryOf(complaint(garbledCode, { httpStatus }))).toBe(category);
    expect(categoryOf(complaint('valueTooLarge', { httpStatus: 400 }))).toBe('invalid');
  });
});

describe('failureOf', () => {
  it('names our fields, and an option by its path', () => {
    const messageOf = (parameters: string[]) =>
      failureOf('Making', complaint('invalidValue', { parameters })).message;
    expect(messageOf(['CFGScale'])).toMatch(/^guidanceScale: /);
    expect(messageOf(['seedImage', 'maskImage'])).toMatch(/^inputImages, mask: /);
    expect(messageOf(['inputs.referenceImages'])).toMatch(/^inputImages: /);
    expect(messageOf(['lora[0].weight'])).toMatch(/^providerOptions\.runware\.lora\[0\]\.weight: /);
    expect(messageOf(['constructor'])).toMatch(/^providerOptions\.runware\.constructor: /);
  });
});

describe('classifyError', () => {
  const sent = { last: 'send', isTaken: false, isPushed: false, sends: 1 } as const;
  const asked = { last: 'ask', isTaken: true, isPushed: false, sends: 1 } as const;
  it.each([
    ['conflictTaskUUID', sent, 'taken'],
    ['taskNotFound', asked, 'unknown'],
    ['valueTooLarge', sent, 'failed'],
    ['providerContentPolicyViolation', sent, 'failed'],
    // What may have been taken is asked about before it is given up.
    ['internalServerError', sent, 'unnamed'],
    ['timeoutProvider', { ...sent, isPushed: true }, 'taken'],
    ['rateLimitExceeded', sent, 'not-taken'],
    ['rateLimitExceeded', { ...sent, sends: 2 }, 'doubtful'],
    ['invalidApiKey', sent, 'not-taken'],
    ['invalidApiKey', asked, 'doubtful'],
    // A question that fails says nothing of the task.
    ['rateLimitExceeded', asked, 'unanswered'],
    ['internalServerError', asked, 'unanswered'],
    ['invalidTaskUUID', asked, 'unknown'],
  ] as const)('%s, after %o, is %s', (code, standing, verdict) => {
    expect(classifyError(complaint(code), standing)).toBe(verdict);
  });

  it('takes the end of a task for its end, and a complaint without a name for nobody’s', () => {
    expect(classifyError(complaint('internalServerError', { status: 'error' }), asked)).toBe('failed');
    expect(classifyError(complaint('valueTooLarge', { taskUUID: undefined }), sent)).toBe('unnamed');
  });
});
