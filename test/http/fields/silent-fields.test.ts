import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FieldEffect } from '../../../core/src/http/documentation/fields/index.js';
import { type Call, type Door, doors, type Fields } from './doors.js';
import { looksOf, type RecordingServer, startRecordingServer } from './recording-server.js';

let server: RecordingServer;
beforeAll(async () => {
  let end = async () => {};
  server = await startRecordingServer((given) => {
    end = given;
  });
  return end;
});

/** Of each door. `EASEL_FIELD_RUNS` draws more. */
const runs = Number(process.env.EASEL_FIELD_RUNS ?? 8);

/** The call without fields that its API reads only beside something that is not there. */
function withoutInert({ fields, ...call }: Call, { needs = {} }: Pick<Door, 'needs'>): Call {
  const isThere = (need: string, others: Fields): boolean => {
    if (need.includes(' and ')) return need.split(' and ').every((each) => isThere(each, others));
    if (need.includes(' or ')) return need.split(' or ').some((each) => isThere(each, others));
    if (need.startsWith('no ')) return !isThere(need.slice(3), others);
    if (need === 'image') return call.given !== 'nothing';
    if (need === 'mask') return call.given === 'image and mask';
    return need in others;
  };
  const keep = (all: Fields): Fields =>
    Object.fromEntries(
      Object.entries(all).filter(([name]) => {
        const need = needs[name];
        return need === undefined || isThere(need, all);
      }),
    );
  // What is left out may be needed itself.
  return { ...call, fields: keep(keep(fields)) };
}

function callOf(door: Door): fc.Arbitrary<Call> {
  return fc
    .record({
      model: fc.constantFrom('all', 'none', 'words') satisfies fc.Arbitrary<Call['model']>,
      given: fc.constantFrom('nothing', 'image', 'image and mask') satisfies fc.Arbitrary<Call['given']>,
      names: fc.subarray(Object.keys(door.fields), { minLength: 1, maxLength: 5 }),
      values: fc.record(door.fields),
    })
    .map(({ model, given, names, values }) => ({
      model,
      // A model that takes no images refuses them, and so does one that takes no masks.
      given: model === 'none' ? 'nothing' : model === 'words' && given !== 'nothing' ? 'image' : given,
      fields: Object.fromEntries(withNeeds(door, names).map((name) => [name, values[name]])),
    }));
}

/** Names with the fields beside which they are read, which drawing alone seldom brings together. */
const withNeeds = ({ fields, needs = {} }: Door, names: readonly string[]): string[] =>
  names.flatMap((name) => [name, ...[needs[name] ?? ''].filter((need) => Object.hasOwn(fields, need))]);

/** What the documentation says of a field, or of the one that it is in. */
function effectOf({ table: { fields, others } }: Door, name: string): FieldEffect {
  const [outer = ''] = name.split('.');
  return fields[name] ?? fields[outer] ?? others;
}

async function send(door: Door, call: Call) {
  const { status, text, images, named } = await door.send(server, call);
  expect([call, status, text.slice(0, 500)]).toEqual([call, 200, expect.any(String)]);
  const looks = await Promise.all(images.map(looksOf));
  return { outcome: [server.lastAsked(), ...looks], named };
}

describe('a field of a request that has no effect', () => {
  it.each(doors)('is named in the answer of $name API, as its table says', async (door) => {
    await fc.assert(
      fc.asyncProperty(callOf(door), async (drawn) => {
        const call = withoutInert(drawn, door);
        const { outcome, named } = await send(door, call);
        for (const name of Object.keys(call.fields)) {
          const { obeyed, adapted, ignored } = effectOf(door, name);
          if (named.some((each) => each === name || each.startsWith(`${name}.`))) {
            expect(adapted ?? ignored, `the table of ${name}`).toBeDefined();
            continue;
          }
          expect(obeyed, `the table of ${name}`).toBeDefined();
          const { [name]: _, ...fields } = call.fields;
          const without = withoutInert({ ...call, fields }, door);
          expect((await send(door, without)).outcome, `${name} in ${JSON.stringify(call)}`).not.toEqual(
            outcome,
          );
        }
      }),
      { numRuns: runs },
    );
  });
});
