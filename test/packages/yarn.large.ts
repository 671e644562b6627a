import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { createHost, type Host } from './host.js';

const documented = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
const [resolutions = '{}'] = /\{ "resolutions": .*\}/.exec(documented) ?? [];
const project = { private: true, type: 'module', license: 'UNLICENSED', dependencies: { easel: '*' } };
const trusted = inject('cafile') === 'null' ? undefined : inject('cafile');

const makesAnImage = async (host: Host) => {
  await host.expect('node', ['node_modules/easel/bin/easel.js', 'generate', 'a star', '--out', 'made.png']);
  expect(existsSync(join(host.folder, 'made.png'))).toBe(true);
};

describe('a project of Yarn 1', () => {
  it('makes images, with the resolution that the documentation names for Node.js 20', async () => {
    const host = createHost({ 'package.json': JSON.stringify({ ...project, ...JSON.parse(resolutions) }) });
    const words = ['--registry', inject('registry'), ...(trusted ? ['--cafile', trusted] : [])];
    if (process.env.npm_config_engine_strict === 'false') words.push('--ignore-engines');
    // Its cache is the machine's for root, whatever HOME is, and knows of earlier builds of the same version.
    const environment = { YARN_CACHE_FOLDER: join(host.cache, 'yarn') };
    await host.expect('npx', ['yarn@1', 'install', '--non-interactive', ...words], environment);
    await makesAnImage(host);
  });
});

describe('a project of Yarn 4', () => {
  const settings = {
    YARN_NPM_REGISTRY_SERVER: inject('registry'),
    YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
    YARN_NPM_MINIMAL_AGE_GATE: '0', // it takes no package of today otherwise
    YARN_ENABLE_TELEMETRY: 'false',
    ...(trusted ? { YARN_HTTPS_CA_FILE_PATH: trusted } : {}),
  };
  const yarn = (host: Host, linker: string, ...words: string[]) =>
    host.run('npx', ['@yarnpkg/cli-dist@4', ...words], { ...settings, YARN_NODE_LINKER: linker });

  it('makes images from node_modules', async () => {
    const host = createHost({ 'package.json': JSON.stringify(project), 'yarn.lock': '' });
    expect(await yarn(host, 'node-modules', 'install')).toMatchObject({ status: 0 });
    await makesAnImage(host);
  });

  it("is told which setting to make under Plug'n'Play", async () => {
    const host = createHost({ 'package.json': JSON.stringify(project), 'yarn.lock': '' });
    expect(await yarn(host, 'pnp', 'install')).toMatchObject({ status: 0 });
    const { status, stderr } = await yarn(host, 'pnp', 'run', 'easel', 'generate', 'a star');
    expect(status).toBe(1);
    expect(stderr).toContain('Set `nodeLinker: node-modules` in .yarnrc.yml');
  });
});
