/**
 * `npm run publish:all`: all packages to npm, with provenance. npm signs that for the repository which a
 * package names, so each takes over what `repository` in the root's package.json says, and nothing is
 * published where it says nothing.
 *
 *   --dry-run  show what would be published
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { platforms, withRuntimePackages, writeRuntimePackage } from './runtime-packages.js';

const root = new URL('../', import.meta.url);
const engine = 'plugins/local-diffusion';
const { values } = parseArgs({ options: { 'dry-run': { type: 'boolean', default: false } } });

const manifestSchema = z.looseObject({
  version: z.string().default(''),
  dependencies: z.record(z.string(), z.string()).default({}),
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
const whereabouts = (location: string) => ({
  repository: { type: 'git', url: repository.url, directory: location },
  homepage: `${page}/tree/HEAD/${location}#readme`,
  bugs: `${page}/issues`,
});
for (const { location } of workspaces) {
  const manifest = read(`${location}/`);
  if (manifest.private) continue;
  const published = location === engine ? withRuntimePackages(manifest) : manifest;
  const text = `${JSON.stringify({ ...published, ...whereabouts(location) }, null, 2)}\n`;
  writeFileSync(new URL(`${location}/package.json`, root), text);
}

const run = (command: string, words: readonly string[], cwd: URL | string = root) =>
  spawnSync(command, words, { cwd, stdio: 'inherit' }).status ?? 1;
/** A dry run signs nothing. */
const dryRun = values['dry-run'] ? ['--dry-run', '--provenance=false'] : [];

/** Those of a version of ONNX Runtime that was published before stay as they are. */
function publishRuntimes(): number {
  const folder = mkdtempSync(join(tmpdir(), 'easel-runtime-'));
  try {
    for (const platform of platforms) {
      const made = join(folder, `${platform.os}-${platform.cpu}`);
      const { name, version } = writeRuntimePackage(made, platform, whereabouts('release'));
      const known = spawnSync('npm', ['view', `${name}@${version}`, 'version'], { encoding: 'utf8' });
      const status = known.stdout.trim() === '' ? run('npm', ['publish', ...dryRun], made) : 0;
      if (status !== 0) return status;
    }
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode =
  run('npm', ['run', '--silent', 'build']) ||
  publishRuntimes() ||
  (values['dry-run']
    ? run('npm', ['publish', '--workspaces', ...dryRun])
    : run('npx', ['changeset', 'publish']));
