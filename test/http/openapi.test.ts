import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { onePixelPng } from '../fixtures/one-pixel-png.js';
import { jsonOf, startServer, type TestServer } from './server.js';

const prompt = 'a fixture';
interface Document {
  readonly paths: Record<
    string,
    Record<string, { responses: Record<string, { content?: { 'application/json': { schema: object } } }> }>
  >;
  readonly components: object;
}

const comfyCalls: typeof calls = [
  ['post', '/prompt', '/prompt', { prompt: {} }],
  ['get', '/prompt', '/prompt'],
  ['get', '/history', '/history?max_items=2'],
  ['get', '/history/{id}', '/history/nobody'],
  ['get', '/queue', '/queue'],
  ['get', '/view', '/view?filename=nothing'],
  ['post', '/upload/image', '/upload/image', {}],
  ['get', '/object_info', '/object_info'],
  ['get', '/object_info/{name}', '/object_info/KSampler'],
  ['get', '/system_stats', '/system_stats'],
  ['get', '/features', '/features'],
  ['get', '/embeddings', '/embeddings'],
  ['get', '/extensions', '/extensions'],
  ['get', '/ws', '/ws'],
  ['post', '/history', '/history', { delete: 'all' }],
  ['post', '/queue', '/queue', { delete: 'all' }],
  ['post', '/interrupt', '/interrupt', { prompt_id: 7 }],
];
/** Answers to hold against the document: those that are well, and some that are not. */
const calls: readonly (readonly [string, string, string, unknown?])[] = [
  ['post', '/api/images/generate', '/api/images/generate', { prompt, seed: 1 }],
  ['post', '/api/images/generate', '/api/images/generate', { prompt: 1 }],
  ['post', '/api/images/generate', '/api/images/generate', { prompt, model: 'nobody' }],
  ['get', '/api/images/models', '/api/images/models'],
  ['post', '/api/images/models/current', '/api/images/models/current', { model: 'steady-one' }],
  ['post', '/api/images/models/current', '/api/images/models/current', { model: 7 }],
  ['get', '/api/health/images', '/api/health/images'],
  ['post', '/api/images/explain', '/api/images/explain', { prompt }],
  ['post', '/api/images/explain', '/api/images/explain', { prompt, model: 'nobody' }],
  ['post', '/api/images/plan', '/api/images/plan', { prompt }],
  ['post', '/api/images/plan', '/api/images/plan', { prompt, model: 'nobody' }],
  [
    'post',
    '/api/images/parameters',
    '/api/images/parameters',
    { image: Buffer.from(onePixelPng).toString('base64') },
  ],
  ['get', '/api/images/costs', '/api/images/costs?days=7'],
  ['get', '/api/costs', '/api/costs?by=key'],
  ['post', '/api/admin/secrets', '/api/admin/secrets', { name: 'NOBODY_ASKS', value: 'x' }],
  ['get', '/api/admin/status', '/api/admin/status'],
  ['post', '/api/images/jobs', '/api/images/jobs', { prompt, priority: 3 }],
  ['post', '/api/images/jobs', '/api/images/jobs', { prompt, priority: 300 }],
  ['get', '/api/images/jobs', '/api/images/jobs?limit=10'],
  ['get', '/api/images/jobs/{id}', '/api/images/jobs/nobody'],
  ['patch', '/api/images/jobs/{id}', '/api/images/jobs/nobody', { priority: -1 }],
  ['get', '/api/images/jobs/{id}/grid', '/api/images/jobs/nobody/grid'],
  ['get', '/api/admin/installs', '/api/admin/installs'],
  ['post', '/api/admin/installs/{id}', '/api/admin/installs/nobody', {}],
  ['delete', '/api/admin/installs/{id}', '/api/admin/installs/nobody'],
  ['get', '/api/admin/models', '/api/admin/models'],
  ['get', '/api/admin/models/{id}/versions', '/api/admin/models/steady-one/versions'],
  ['delete', '/api/admin/models/{id}', '/api/admin/models/steady-one'],
  ['post', '/api/admin/models/{id}/restore', '/api/admin/models/steady-one/restore', {}],
  ['post', '/api/admin/models/import', '/api/admin/models/import', { path: '/nothing/there' }],
  ['delete', '/api/images/jobs/{id}', '/api/images/jobs/nobody'],
  ['get', '/api/images/results/{name}', '/api/images/results/nothing'],
  ['get', '/api/images/results/{name}/thumbnail', '/api/images/results/nothing/thumbnail'],
  ['get', '/api/images/results/{name}/metadata', '/api/images/results/nothing/metadata'],
  ['post', '/v1/images/generations', '/v1/images/generations', { prompt, n: 2 }],
  ['post', '/v1/images/generations', '/v1/images/generations', { prompt, response_format: 'url' }],
  ['post', '/v1/images/generations', '/v1/images/generations', { n: 2 }],
  ['post', '/v1/images/generations', '/v1/images/generations', { prompt, async: true }],
  ['post', '/v1/images/edits', '/v1/images/edits', { prompt }],
  ...['generations', 'edits', 'variations'].flatMap((name) =>
    ['get', 'delete'].map(
      (method) => [method, `/v1/images/${name}/{id}`, `/v1/images/${name}/nobody`] as const,
    ),
  ),
  ['post', '/v1/images/variations', '/v1/images/variations', {}],
  ['get', '/v1/models', '/v1/models'],
  ['get', '/v1/models/{id}', '/v1/models/steady-one'],
  ['get', '/v1/models/{id}', '/v1/models/nobody'],
  ['post', '/sdapi/v1/txt2img', '/sdapi/v1/txt2img', { prompt }],
  ['post', '/sdapi/v1/txt2img', '/sdapi/v1/txt2img', { steps: 'many' }],
  ['post', '/sdapi/v1/img2img', '/sdapi/v1/img2img', { init_images: ['no picture'] }],
  ['get', '/sdapi/v1/sd-models', '/sdapi/v1/sd-models'],
  ['get', '/sdapi/v1/options', '/sdapi/v1/options'],
  ['post', '/sdapi/v1/options', '/sdapi/v1/options', { sd_model_checkpoint: 'steady-one' }],
  ['post', '/sdapi/v1/options', '/sdapi/v1/options', { sd_model_checkpoint: 'nobody' }],
  ['get', '/sdapi/v1/progress', '/sdapi/v1/progress'],
  ...['', '/api'].flatMap((base) =>
    comfyCalls.map(([method, path, url, body]) => [method, base + path, base + url, body] as const),
  ),
  ['get', '/sdcpp/v1/capabilities', '/sdcpp/v1/capabilities'],
  ['post', '/sdcpp/v1/img_gen', '/sdcpp/v1/img_gen', { prompt }],
  ['post', '/sdcpp/v1/img_gen', '/sdcpp/v1/img_gen', { width: 'wide' }],
  ['get', '/sdcpp/v1/jobs/{id}', '/sdcpp/v1/jobs/nobody'],
  ['post', '/sdcpp/v1/jobs/{id}/cancel', '/sdcpp/v1/jobs/nobody/cancel'],
  ['get', '/api/images/gallery', '/api/images/gallery?limit=2'],
  ['get', '/api/images/gallery/{name}', '/api/images/gallery/nothing'],
  ['post', '/api/images/gallery', '/api/images/gallery', { names: ['nothing'], starred: true }],
  ['get', '/api/images/jobs/{id}/previews/{index}', '/api/images/jobs/nobody/previews/0'],
  ...[
    ...[
      'samplers',
      'schedulers',
      'upscalers',
      'memory',
      'latent-upscale-modes',
      'loras',
      'sd-vae',
      'sd-modules',
    ],
    ...['hypernetworks', 'face-restorers', 'realesrgan-models', 'prompt-styles', 'script-info', 'extensions'],
    ...['scripts', 'embeddings', 'cmd-flags'],
  ].map((name) => ['get', `/sdapi/v1/${name}`, `/sdapi/v1/${name}`] as const),
  ...['version', 'settings', 'model_list', 'module_list', 'control_types'].map(
    (name) => ['get', `/controlnet/${name}`, `/controlnet/${name}`] as const,
  ),
  ...['refresh-checkpoints', 'refresh-vae', 'refresh-loras', 'refresh-embeddings', 'interrupt', 'skip'].map(
    (name) => ['post', `/sdapi/v1/${name}`, `/sdapi/v1/${name}`, {}] as const,
  ),
  [
    'post',
    '/sdapi/v1/png-info',
    '/sdapi/v1/png-info',
    { image: Buffer.from(onePixelPng).toString('base64') },
  ],
  ['post', '/sdapi/v1/png-info', '/sdapi/v1/png-info', { image: 'AAAA' }],
  ['post', '/internal/progress', '/internal/progress', { id_task: 'nobody' }],
  ['get', '/internal/pending-tasks', '/internal/pending-tasks'],
  ['get', '/internal/ping', '/internal/ping'],
  ['post', '/api/generate', '/api/generate', { model: 'steady-one', prompt, stream: false }],
  ['post', '/api/generate', '/api/generate', { model: 'nobody', prompt }],
  ...['tags', 'ps', 'version'].map((name) => ['get', `/api/${name}`, `/api/${name}`] as const),
  ['post', '/api/show', '/api/show', { model: 'steady-one' }],
  ['post', '/api/pull', '/api/pull', { model: 'steady-one' }],
  ['get', '/api/admin/plugins', '/api/admin/plugins'],
  ['post', '/api/admin/plugins/{id}/disable', '/api/admin/plugins/steady/disable', {}],
  ['post', '/api/admin/plugins/{id}/enable', '/api/admin/plugins/steady/enable', {}],
  ['post', '/api/admin/plugins/{id}/reload', '/api/admin/plugins/steady/reload', {}],
  ['post', '/api/admin/plugins/{id}/reset', '/api/admin/plugins/steady/reset', {}],
  ['post', '/api/admin/plugins/{id}/reset', '/api/admin/plugins/nobody/reset', {}],
  ['get', '/api/admin/plugins/{id}/logs', '/api/admin/plugins/nobody/logs'],
  ['get', '/api/admin/configuration', '/api/admin/configuration'],
  ['get', '/api/session', '/api/session'],
  ['post', '/api/session', '/api/session', { key: 'nobody' }],
  ['delete', '/api/session', '/api/session'],
  ['get', '/healthz', '/healthz'],
  ['get', '/readyz', '/readyz'],
];

const answerOf = async (server: TestServer, method: string, url: string, body: unknown) =>
  await fetch(`${server.url}${url}`, {
    method: method.toUpperCase(),
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });

describe('the OpenAPI document', () => {
  it('says what is answered, well and not', async () => {
    const server = await startServer();
    const document = await jsonOf<Document>(await server.get('/openapi.json'));
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'document', components: document.components });
    const checked = new Set<string>();
    for (const [method, path, url, body] of calls) {
      const response = await answerOf(server, method, url, body);
      const { responses } = document.paths[path]?.[method] ?? {};
      const described = responses?.[response.status] ?? responses?.default;
      const { $ref } = (described?.content?.['application/json'].schema ?? {}) as { $ref?: string };
      expect($ref, `${method} ${path} ${response.status}`).toBeDefined();
      const isValid = ajv.validate({ $ref: `document${$ref}` }, await response.json());
      expect(isValid, `${method} ${path} ${response.status}: ${ajv.errorsText()}`).toBe(true);
      checked.add(`${method} ${path}`);
    }
    // Events, numbers and empty answers have no JSON to look at.
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(documented.filter((operation) => !checked.has(operation))).toEqual([
      'get /api/images/events',
      'get /api/images/jobs/{id}/events',
      'post /api/webhooks/{plugin}/{task}',
      'post /free',
      'post /api/free',
      'get /api/admin/events',
      'get /metrics',
    ]);
  });

  it('is a page for people, too, which loads nothing from another host', async () => {
    const server = await startServer();
    const response = await server.get('/docs');
    expect(response.url).toBe(`${server.url}/docs`);
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toMatch(/https?:|upgrade-insecure/);
    expect(await response.text()).not.toMatch(/(src|href)="https?:/);
  });
});
