/**
 * `npm run publish:all`: all packages to npm, with provenance. npm signs that for the repository which a
 * package names, so each takes over what `repository` in the root's package.json says, and nothing is
 * published where it says nothing.
 *
 *   --dry-run  show what would be published
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';

const root = new URL('../../', import.meta.url);
const { values } = parseArgs({ options: { 'dry-run': { type: 'boolean', default: false } } });

const manifestSchema = z.looseObject({
  private: z.boolean().optional(),
  repository: z
    .looseObject({ url: z.string().regex(/^git\+https:\/\/.+\.git$/, 'It is not like git+https://….git.') })
    .optional(),
});
const read = (folder: string) =>
  manifestSchema.parse(JSON.parse(readFileSync(new URL(`${folder}package.json`, root), 'utf8')));

const { repository } = read('');
if (!repository) {
  console.error(`Nothing was published: npm signs provenance for a repository, and none is named.
Add to package.json of the root, with the repository that the workflow runs in:
  "repository": { "type": "git", "url": "git+https://github.com/<owner>/<name>.git" }
Each package takes it over from there.`);
  process.exit(1);
}

const listed = spawnSync('npm', ['query', '.workspace'], { cwd: root, encoding: 'utf8' });
const workspaces = z.array(z.object({ location: z.string() })).parse(JSON.parse(listed.stdout));
const page = repository.url.replace(/^git\+|\.git$/g, '');
for (const { location } of workspaces) {
  const manifest = read(`${location}/`);
  if (manifest.private) continue;
  manifest.repository = { type: 'git', url: repository.url, directory: location };
  const more = { homepage: `${page}/tree/HEAD/${location}#readme`, bugs: `${page}/issues` };
  const text = `${JSON.stringify({ ...manifest, ...more }, null, 2)}\n`;
  writeFileSync(new URL(`${location}/package.json`, root), text);
}

const run = (command: string, ...words: string[]) =>
  spawnSync(command, words, { cwd: root, stdio: 'inherit' }).status ?? 1;
process.exitCode =
  run('npm', 'run', '--silent', 'pack:all') ||
  (values['dry-run']
    ? run('npm', 'publish', '--workspaces', '--dry-run', '--provenance=false')
    : run('npx', 'changeset', 'publish'));
