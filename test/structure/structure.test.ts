import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorCodes, errorTable, manifestSchema } from '@easel/plugin-sdk';
import { minVersion, type SemVer, satisfies } from 'semver';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => /\.(ts|js|mjs)$/.test(path) && existsSync(`${root}/${path}`));
const sources = tracked.filter(
  (path) => /^(plugin-sdk|core|scale|plugins\/[^/]+)\/src\//.test(path) && !path.endsWith('.test.ts'),
);
const read = (path: string) => readFileSync(`${root}/${path}`, 'utf8');
const importsOf = (path: string) =>
  [...read(path).matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] as string);

const pluginIds = readdirSync(`${root}/plugins`).filter((id) =>
  existsSync(`${root}/plugins/${id}/plugin.json`),
);
const pipelineTypes = pluginIds.flatMap((id) =>
  manifestSchema.parse(JSON.parse(read(`plugins/${id}/plugin.json`))).handles.map(({ type }) => type),
);

/** Files that may be longer than 250 lines, and why. */
const longFiles: Readonly<Record<string, string>> = {};

describe('arrows go one way', () => {
  it('plugin-sdk imports nothing of ours', () => {
    for (const path of sources.filter((path) => path.startsWith('plugin-sdk/'))) {
      expect(
        importsOf(path).filter((name) => name.startsWith('@easel/')),
        path,
      ).toEqual([]);
    }
  });

  it('core and the plugins import plugin-sdk only', () => {
    for (const path of sources.filter((path) => !path.startsWith('plugin-sdk/'))) {
      const ours = importsOf(path).filter((name) => name.startsWith('@easel/'));
      const isPlugin = path.startsWith('plugins/');
      expect(
        ours.filter(
          (name) =>
            !['@easel/plugin-sdk', '@easel/plugin-sdk/emulator', '@easel/plugin-sdk/images'].includes(name) &&
            !(isPlugin && /^@easel\/plugin-sdk\/(batch|journal|paid|provider)$/.test(name)) &&
            !(path.startsWith('scale/') && name === '@easel/core/scale'),
        ),
        path,
      ).toEqual([]);
    }
  });

  it('one folder knows Redis, and one S3', () => {
    const knowing = (pattern: RegExp) =>
      sources.filter((path) => importsOf(path).some((name) => pattern.test(name)));
    expect(knowing(/^(bullmq|ioredis)$/).map(posix.dirname)).toSatisfy((folders: string[]) =>
      folders.every((folder) => folder === 'scale/src/redis'),
    );
    expect(knowing(/^aws4fetch$/)).toEqual(['scale/src/s3/s3-objects.ts']);
    for (const path of sources.filter((path) => path.startsWith('core/')))
      expect(read(path), path).not.toMatch(/redis|bullmq|aws4fetch/i);
  });

  it('nothing makes a signal that may be collected before it fires', () => {
    for (const path of sources)
      expect(
        read(path).replace(/^ \*.*$/gm, ''),
        `${path}: use linkSignals of @easel/plugin-sdk`,
      ).not.toMatch(/AbortSignal\.(any|timeout)\(/);
  });

  it('images of others are opened in one place, which looks at their first bytes', () => {
    const decoders = sources.filter((path) => /\bsharp\((?!\{|rgb\b|pixel\b|squares\b)/.test(read(path)));
    expect(decoders.filter((path) => !/^plugin-sdk\/src\/(images|emulator)\//.test(path))).toEqual([]);
  });

  it('plugins ask nobody but a host that their configuration names, and fetch all else within bounds', () => {
    const ofPlugins = sources.filter(
      (path) => path.startsWith('plugins/') && !/\/emulator(\.ts$|\/)/.test(path),
    );
    const asking = ofPlugins.filter((path) => /\bpatientFetch\(/.test(read(path)));
    expect(asking.sort(), 'fetchImage and fetchAddress of @easel/plugin-sdk are for other addresses').toEqual(
      [
        'plugins/gemini/src/batch-client.ts',
        'plugins/gemini/src/client.ts',
        'plugins/openai/src/post.ts',
        'plugins/parasail/src/fetch-bounded.ts',
        'plugins/runware/src/transport/http-sender.ts',
      ],
    );
    // It follows redirections, and ends the process where a connection ends at the wrong moment.
    for (const path of ofPlugins)
      expect(read(path), `${path}: use patientFetch of @easel/plugin-sdk`).not.toMatch(/(?<![.\w])fetch\(/);
  });

  it('no plugin knows its emulator', () => {
    for (const path of sources.filter((path) => !/\/emulator(\.ts$|\/)/.test(path))) {
      const values = read(path).replace(/^import type .*$/gm, '');
      expect(values, path).not.toMatch(/'[^']*\/emulator(\/index\.js|\.js)?'/);
    }
  });

  it('nothing reaches out of its workspace by a relative path', () => {
    for (const path of sources) {
      const depth = path.split('/src/')[1]?.split('/').length ?? 1;
      const outside = importsOf(path).filter((name) => name.startsWith('../'.repeat(depth)));
      expect(outside, path).toEqual([]);
    }
  });

  it('the kernel does not know its doors', () => {
    for (const path of sources.filter((path) =>
      /^core\/src\/(kernel|models|config|results|observe)\//.test(path),
    )) {
      expect(
        importsOf(path).filter((name) => /\/(cli|http)\//.test(name)),
        path,
      ).toEqual([]);
    }
  });

  it('the SDK needs no dependency injection', () => {
    for (const path of sources.filter((path) => path.startsWith('plugin-sdk/'))) {
      expect(importsOf(path), path).not.toContain('tsyringe');
    }
  });

  it('one module loads ONNX Runtime, with its telemetry off', () => {
    const loading = sources.filter((path) => /['"]onnxruntime-(?:node|common)['"]/.test(read(path)));
    const [runtime = '', ...others] = loading;
    expect(runtime).toBe('plugins/local-diffusion/src/session/onnx-runtime.ts');
    expect(importsOf(runtime)[0]).toBe('./without-telemetry.js');
    expect(others).toEqual(['plugins/local-diffusion/src/session/runtime-package.ts']);
  });
});

describe('core is neutral', () => {
  it('finds plugins and pipeline types to look for', () => {
    expect(pluginIds).toContain('local-diffusion');
    expect(pipelineTypes).toContain('sd');
  });

  it.each(['local-diffusion', 'runware', 'gemini', 'parasail', 'sdxl', 'flux', 'sd'])(
    'does not name "%s"',
    (name) => {
      const asWord = new RegExp(`(?<![A-Za-z0-9-])${name}(?![A-Za-z0-9_-])`, 'i');
      for (const path of tracked.filter((path) => /^(core|plugin-sdk)\//.test(path))) {
        expect(asWord.test(read(path)), `${path} names ${name}`).toBe(false);
      }
    },
  );

  it('does not name any plugin or pipeline type that a manifest of ours declares', () => {
    for (const name of [...pluginIds, ...pipelineTypes]) {
      const asString = new RegExp(`['"\`]${name}['"\`]`);
      for (const path of sources.filter((path) => path.startsWith('core/'))) {
        expect(asString.test(read(path)), `${path} names ${name}`).toBe(false);
      }
    }
  });
});

describe('a parameter of requests', () => {
  it.each(['guidanceScale', 'strength'])(
    'such as %s is declared once, and known to APIs and commands',
    (name) => {
      const asWord = new RegExp(`(?<![\\w-])${name}(?![\\w-])`);
      const declaring = sources
        .filter((path) => /^(core|plugin-sdk)\//.test(path) && !/^core\/src\/(http|cli)\//.test(path))
        // An image to follow has a strength of its own.
        .filter((path) => path !== 'plugin-sdk/src/control.ts' && asWord.test(read(path)));
      expect(declaring).toEqual(['core/src/models/parameters.ts', 'plugin-sdk/src/parameters.ts']);
    },
  );
});

describe('the engine', () => {
  const engine = 'plugins/local-diffusion/src/';
  const own = sources.filter((path) => path.startsWith(engine)).map((path) => path.slice(engine.length));
  /** Comments say where something comes from, and may name what they like. */
  const codeOf = (path: string) => read(engine + path).replace(/\/\*.*?\*\/|(?<!:)\/\/[^\n]*/gs, '');

  it('names no family outside of families/', () => {
    const folders = own.flatMap((path) => /^families\/([^/]+)\/index\.ts$/.exec(path)?.[1] ?? []);
    const types = manifestSchema
      .parse(JSON.parse(read('plugins/local-diffusion/plugin.json')))
      .handles.map(({ type }) => type);
    expect(folders).toHaveLength(types.length);
    // `stable-diffusion` is also StableDiffusionPipeline and stable_diffusion; `xl` is also XlRequest.
    const names = [
      ...folders.map((folder) => new RegExp(folder.replaceAll('-', '[-_ ]?'), 'i')),
      ...types.map((type) => new RegExp(`(?<![A-Za-z0-9])${type}(?![a-z0-9])`, 'i')),
      /\bxl\b|(?:\b|[a-z])Xl(?=[A-Z]|\b)/,
    ];
    for (const path of own.filter((path) => !path.startsWith('families/'))) {
      for (const name of names) expect(codeOf(path), path).not.toMatch(name);
    }
  });

  it('has folders whose arrows go one way', () => {
    const folderOf = (path: string) => (path.includes('/') ? path.split('/')[0]! : '.');
    const arrows = new Map<string, Set<string>>();
    for (const path of own) {
      const from = folderOf(path);
      for (const name of importsOf(engine + path).filter((name) => name.startsWith('.'))) {
        const to = folderOf(posix.join(posix.dirname(path), name));
        if (to !== from) arrows.set(from, (arrows.get(from) ?? new Set()).add(to));
      }
    }
    const circleFrom = (folder: string, trail: readonly string[]): readonly string[] | undefined => {
      if (trail.includes(folder)) return [...trail.slice(trail.indexOf(folder)), folder];
      for (const next of arrows.get(folder) ?? []) {
        const circle = circleFrom(next, [...trail, folder]);
        if (circle) return circle;
      }
      return undefined;
    };
    for (const folder of arrows.keys()) expect(circleFrom(folder, []), folder).toBeUndefined();
  });
});

describe('files', () => {
  it('are no longer than 250 lines, unless listed with a reason', () => {
    const long = sources.filter((path) => read(path).split('\n').length > 251);
    expect(long.sort()).toEqual(Object.keys(longFiles).sort());
  });

  it('have names that say what is in them', () => {
    expect(tracked.filter((path) => /(^|\/)(utils?|helpers?|misc|common)(\/|\.)/.test(path))).toEqual([]);
  });

  it('silence neither the linter nor the compiler', () => {
    const silenced = tracked.filter(
      (path) =>
        /@ts-ignore|@ts-nocheck|: any\b|as any\b|as unknown as\b/.test(read(path)) &&
        !path.startsWith('test/structure/'),
    );
    expect(silenced).toEqual([]);
  });
});

describe('docs/errors.md', () => {
  it('has the error table of the code, row by row', () => {
    const rows = [
      ...read('docs/errors.md').matchAll(
        /^\| `(ERR_[A-Z_]+)` \| ([a-z]+) \| (yes|no) \| (yes|no) \| (.+?) \| (.+?) \|$/gm,
      ),
    ];
    const documented = Object.fromEntries(rows.map(([, code, ...cells]) => [code, cells]));
    expect(Object.keys(documented)).toEqual([...errorCodes]);
    for (const code of errorCodes) {
      const { fault, retryable, countsForBreaker, summary, hint } = errorTable[code];
      expect(documented[code], code).toEqual([
        fault,
        retryable ? 'yes' : 'no',
        countsForBreaker ? 'yes' : 'no',
        summary,
        hint,
      ]);
    }
  });
});

describe('the pages for contributors', () => {
  it.each(['CONTRIBUTING.md', 'docs/architecture.md'])('name files that there are: %s', (page) => {
    const named = [
      ...read(page).matchAll(
        /`((?:core|plugin-sdk|plugins|test|models\/catalogue|docs|studio|easel)\/[\w./-]*)`/g,
      ),
    ];
    expect(named).not.toEqual([]);
    expect(named.map(([, path]) => path as string).filter((path) => !existsSync(`${root}/${path}`))).toEqual(
      [],
    );
  });

  it('name the files of a call that there are', () => {
    const [, call = ''] = read('docs/architecture.md').split('## A call, file by file');
    const named = [...call.split('\n## ')[0]!.matchAll(/`((?:kernel|models)\/[\w./-]+\.ts)`/g)];
    expect(named.length).toBeGreaterThan(10);
    expect(
      named.map(([, path]) => `core/src/${path}`).filter((path) => !existsSync(`${root}/${path}`)),
    ).toEqual([]);
  });

  it('core and the SDK have their tests in test/', () => {
    const beside = tracked.filter((path) => /^(core|plugin-sdk)\/src\/.*\.test\.ts$/.test(path));
    expect(beside).toEqual([]);
  });
});

describe('the lockfile', () => {
  it('names no download hosts', () => {
    expect(read('package-lock.json')).not.toMatch(/"resolved": *"https?:/);
  });

  // npm runs the install scripts of those that it marks, and marks it again when its version changes.
  it('leaves out the script that downloads libraries for NVIDIA cards', () => {
    const { packages } = JSON.parse(read('package-lock.json'));
    expect(packages['node_modules/onnxruntime-node']).toMatchObject({ version: expect.any(String) });
    expect(packages['node_modules/onnxruntime-node']).not.toHaveProperty('hasInstallScript');
  });

  it('has no package that refuses the oldest Node.js that Easel supports', () => {
    const oldest = minVersion(JSON.parse(read('package.json')).engines.node) as SemVer;
    const packages = Object.entries<{ engines?: { node?: string }; optional?: boolean }>(
      JSON.parse(read('package-lock.json')).packages,
    );
    const refusing = packages.filter(
      ([, { engines, optional }]) => !optional && engines?.node && !satisfies(oldest, engines.node),
    );
    expect(refusing.map(([path]) => path)).toEqual([]);
  });
});
