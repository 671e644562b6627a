import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as testing from '@easel/plugin-sdk/testing';
import { describe, expect, it, onTestFinished } from 'vitest';

describe('a folder that is not a plugin is reported', () => {
  const good = { id: 'bad', version: '1.0.0', sdk: '*', entry: 'index.js', handles: [{ type: 'bad' }] };

  /** A folder named `bad` with a manifest and an entry. */
  function subjectOf(manifest: unknown, entry = 'export default 1;'): testing.Subject {
    const parent = mkdtempSync(join(tmpdir(), 'easel-contract-'));
    onTestFinished(() => rmSync(parent, { recursive: true, force: true, maxRetries: 10 }));
    const folder = join(parent, 'bad');
    mkdirSync(folder);
    writeFileSync(join(parent, 'outside.js'), entry);
    symlinkSync(join(parent, 'outside.js'), join(folder, 'linked.js'));
    writeFileSync(join(folder, 'index.js'), entry);
    writeFileSync(
      join(folder, 'plugin.json'),
      typeof manifest === 'string' ? manifest : JSON.stringify(manifest),
    );
    return new testing.Subject({ folder });
  }

  it.each([
    ['is not JSON', '{', [/plugin\.json: .*JSON/]],
    [
      'breaks several rules',
      { ...good, id: 'Bad', entry: '', surplus: 1 },
      [/id: must be kebab/, /entry: /, /surplus/],
    ],
    [
      'is of another SDK and of another protocol',
      { ...good, id: 'other', sdk: '^99.0.0', protocols: [99] },
      [/sdk: \^99\.0\.0/, /protocols: 99/],
    ],
    ['has no range', { ...good, sdk: 'newest' }, [/"newest" is not a range/]],
    ['has no entry', { ...good, entry: 'dist/index.js' }, [/no file "dist\/index\.js" .*built/]],
    ['leaves its folder', { ...good, entry: '../outside.js' }, [/outside of the plugin's folder/]],
    ['leaves its folder by a link', { ...good, entry: 'linked.js' }, [/outside of the plugin's folder/]],
  ] satisfies [string, unknown, RegExp[]][])('whose manifest %s', async (_, manifest, problems) => {
    expect(await testing.manifestIsValid.find(subjectOf(manifest))).toEqual(
      problems.map((problem) => expect.stringMatching(problem)),
    );
  });

  it.each([
    ['exports nothing', 'export const plugin = {};', /is not a plugin: make it of `definePlugin/],
    ['exports a plugin of tomorrow', 'export default { apiVersion: 99 };', /has apiVersion 99, not 1/],
    ['has no schemas', 'export default { apiVersion: 1 };', /no zod schema as `config`/],
    ['does not parse', 'export default {', /./],
  ])('whose entry %s', async (_, entry, problem) => {
    expect(await testing.entryExportsPlugin.find(subjectOf(good, entry))).toEqual([
      expect.stringMatching(problem),
    ]);
  });

  it('and a name in `skip` that no check has is refused', () => {
    const skip = [{ reason: 'it has no seeds', tests: ['same seed'] }];
    expect(() => testing.testPlugin({ folder: '/nowhere', skip })).toThrow(/there is no check "same seed"/);
  });
});
