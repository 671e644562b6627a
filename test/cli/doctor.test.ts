import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkDisk, checkNode } from '../../core/src/cli/doctor/machine.js';
import { easel, workingFolder } from './easel.js';

/** A plugin of the working folder, with what its diagnosis is written as. */
function addPlugin(folder: string, id: string, diagnosis: string, manifest: object = {}): void {
  const path = join(folder, 'plugins', id);
  mkdirSync(path, { recursive: true });
  const required = { id, version: '1.0.0', sdk: '^0.1.0', entry: 'index.js', handles: [{ type: id }] };
  writeFileSync(join(path, 'plugin.json'), JSON.stringify({ ...required, ...manifest }));
  writeFileSync(join(path, 'index.js'), 'throw new Error("a diagnosis is not the plugin");');
  writeFileSync(join(path, 'package.json'), '{"type":"module"}');
  writeFileSync(join(path, 'doctor.js'), diagnosis);
}

const answering = (...checks: object[]) =>
  `export default async () => ({ checks: ${JSON.stringify(checks)} });`;

interface Answer {
  readonly ok: boolean;
  readonly diagnoses: readonly {
    readonly plugin?: string;
    readonly checks: readonly Readonly<Record<string, unknown>>[];
  }[];
}

/** The command's answer and exit status. */
async function ask(folder: string): Promise<{ status: number | null; answer: Answer }> {
  const { status, stdout } = await easel(folder, ['doctor', '--json']);
  return { status, answer: JSON.parse(stdout) as Answer };
}
const checksOf = (answer: Answer, plugin?: string) =>
  answer.diagnoses.find((diagnosis) => diagnosis.plugin === plugin)?.checks;

const withoutEngine = { plugins: { 'local-diffusion': { enabled: false } }, storageFolder: 'kept' };

describe('easel doctor', () => {
  it('looks at the machine, and lets plugins look at themselves', async () => {
    const folder = workingFolder(withoutEngine);
    addPlugin(folder, 'well', answering({ name: 'pulse', ok: true, detail: '60' }));
    const { status, stdout } = await easel(folder, ['doctor']);
    expect(stdout).toMatch(/^ok {4}Node: Node \d+/m);
    expect(stdout).toMatch(/^ok {4}processor: \d+ threads of \d+/m);
    expect(stdout).toMatch(/^(ok|note) +memory: .* GB free of .* GB/m);
    expect(stdout).toMatch(/^(ok|note) +disk: .* GB free for .*kept$/m);
    expect(stdout).toMatch(/^ok {4}sharp: sharp .* writes PNG, JPEG, WebP and AVIF$/m);
    expect(stdout).toMatch(/\nwell\nok {4}pulse: 60\n/);
    expect(stdout).not.toMatch(/local-diffusion|steady/);
    expect(status).toBe(0);
  });

  it('fails for what is needed and not for what is optional, and says what to do', async () => {
    const folder = workingFolder(withoutEngine);
    const optional = { name: 'ears', ok: false, detail: 'ring', fix: 'Rest.', optional: true };
    addPlugin(folder, 'well', answering(optional));
    expect((await ask(folder)).status).toBe(0);
    addPlugin(folder, 'ill', answering({ name: 'heart', ok: false, detail: 'stopped', fix: 'Press.' }));
    const { status, answer } = await ask(folder);
    expect(status).toBe(1);
    expect(answer.ok).toBe(false);
    expect(checksOf(answer, 'well')).toEqual([optional]);
    const { stdout } = await easel(folder, ['doctor']);
    expect(stdout).toMatch(/^note {2}ears: ring\n {6}Rest\.$/m);
    expect(stdout).toMatch(/^FAIL {2}heart: stopped\n {6}Press\.$/m);
  });

  it.each([
    ['throws', 'export default () => { throw new RangeError("no pulse"); };', /RangeError: no pulse/],
    ['ends', 'export default () => process.exit(7);', /status 7 and no answer/],
    ['kills itself', 'export default () => process.kill(process.pid, "SIGKILL");', /SIGKILL/],
    ['answers nonsense', 'export default () => ({ checks: [{ name: 1 }] });', /not a diagnosis/],
    ['has no function', 'export const diagnose = 1;', /TypeError/],
  ])('outlives a diagnosis that %s', async (_, code, detail) => {
    const folder = workingFolder(withoutEngine);
    addPlugin(folder, 'ill', code);
    addPlugin(folder, 'well', answering({ name: 'pulse', ok: true, detail: '60' }));
    const { status, answer } = await ask(folder);
    expect(status).toBe(1);
    expect(checksOf(answer, 'ill')).toEqual([
      expect.objectContaining({ ok: false, detail: expect.stringMatching(detail) }),
    ]);
    expect(checksOf(answer, 'well')).toHaveLength(1);
  });

  it('gives a diagnosis what the plugin is given: its options, its folder, and no environment', async () => {
    const folder = workingFolder({
      ...withoutEngine,
      plugins: { ...withoutEngine.plugins, well: { options: { depth: 3 } }, asleep: { enabled: false } },
    });
    const telling = `import { writeFileSync } from 'node:fs';
      export default ({ config, storageFolder }) => {
        writeFileSync(storageFolder + '/seen', '');
        let outside = 'written';
        try { writeFileSync(${JSON.stringify(join(folder, 'seen'))}, ''); } catch (error) { outside = error.code; }
        const detail = JSON.stringify({ config, storageFolder, names: Object.keys(process.env), outside });
        return { checks: [{ name: 'given', ok: true, detail }] };
      };`;
    addPlugin(folder, 'well', telling, { permissions: { storage: true } });
    addPlugin(folder, 'asleep', answering({ name: 'dream', ok: false, detail: '' }));
    const { answer } = await ask(folder);
    expect(JSON.parse(String(checksOf(answer, 'well')?.[0]?.detail))).toEqual({
      config: { depth: 3 },
      storageFolder: join(folder, 'kept', 'plugins', 'well'),
      names: [],
      outside: 'ERR_ACCESS_DENIED',
    });
    expect(checksOf(answer, 'asleep')).toBeUndefined();
  });

  it('tells of plugins that were rejected', async () => {
    const folder = workingFolder(withoutEngine);
    mkdirSync(join(folder, 'plugins/broken'), { recursive: true });
    writeFileSync(join(folder, 'plugins/broken/plugin.json'), '{');
    const { status, answer } = await ask(folder);
    expect(status).toBe(1);
    expect(checksOf(answer, join(folder, 'plugins/broken'))?.[0]).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/is not JSON/),
    });
  });

  it('has the engine run graphs on what it computes on', async () => {
    const folder = workingFolder({ storageFolder: 'kept' });
    const { answer } = await ask(folder);
    const checks = checksOf(answer, 'local-diffusion');
    expect(checks).toContainEqual(
      expect.objectContaining({ name: 'ONNX Runtime', detail: expect.stringMatching(/^\d+\.\d+/) }),
    );
    expect(checks).toContainEqual(
      expect.objectContaining({
        name: 'execution provider cpu',
        ok: true,
        detail: expect.stringMatching(/right/),
      }),
    );
  });
});

describe('the parts of the machine', () => {
  it.each([
    ['20.18.3', false],
    ['20.19.0', true],
    ['22.0.0', true],
    ['18.20.0', false],
  ])('Node %s: %s', (version, ok) => {
    const check = checkNode(version);
    expect(check.ok).toBe(ok);
    expect(check.fix === undefined).toBe(ok);
  });

  it('measures the disk of a folder that is not there yet', () => {
    expect(checkDisk('/tmp/easel-not-there/nor/there').detail).toMatch(/GB free for \/tmp\/easel-not-there/);
  });
});
