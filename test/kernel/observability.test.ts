import { createLogger } from '@easel/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { describe, expect, it } from 'vitest';
import { createFixtureKernel, fixtureSecret, misbehave } from '../fixtures/kernel.js';

const prompt = 'a fixture that nobody else should read of';
type Manager = ReturnType<typeof createFixtureKernel>;
const healthOf = (manager: Manager, id: string) =>
  manager.getServiceHealth().plugins.find((plugin) => plugin.id === id);

describe('health', () => {
  it('tells of a plugin whether it can be asked, whether it runs, and for how long', async () => {
    const manager = createFixtureKernel();
    expect(healthOf(manager, 'steady')).toMatchObject({
      provider: 'steady',
      available: true,
      configured: true,
      connected: false,
      generation: 1,
      uptimeMs: 0,
      models: [
        {
          id: 'steady-one',
          name: 'steady',
          key: 'steady',
          pipelineType: 'steady',
          supportsNegativePrompt: false,
        },
      ],
      latencies: {},
    });
    for (let call = 0; call < 4; call++)
      await manager.generateImage({ prompt, providerOptions: { steady: { delayMs: 20 } } });
    const { connected, uptimeMs, latencies } = healthOf(manager, 'steady') ?? {};
    expect(connected).toBe(true);
    expect(uptimeMs).toBeGreaterThan(50);
    expect(latencies?.steady).toMatchObject({ calls: 4 });
    expect(latencies?.steady?.medianMs).toBeGreaterThan(19);
    expect(latencies?.steady?.p95Ms).toBeGreaterThanOrEqual(latencies?.steady?.medianMs ?? 0);
    await expect.poll(() => healthOf(manager, 'steady')?.memoryBytes).toBeGreaterThan(20 * 1024 * 1024);
  });

  it('names the secrets that a plugin lacks, which is then not asked', async () => {
    const manager = createFixtureKernel({}, { environment: {} });
    expect(healthOf(manager, 'chaos')).toMatchObject({
      available: false,
      configured: false,
      missingSecrets: ['CHAOS_KEY'],
      state: 'idle',
    });
    expect(manager.getServiceHealth().status).toBe('ok');
    expect(manager.getAvailableModels().find(({ id }) => id === 'chaos-one')).toMatchObject({
      available: false,
      missingSecrets: ['CHAOS_KEY'],
    });
    expect((await manager.explain(misbehave('none')))[0]?.obstacle).toBe('not configured: CHAOS_KEY not set');
  });
});

describe('metrics', () => {
  it('count tries by what came of them, and show the state of each plugin', async () => {
    const manager = createFixtureKernel({}, { metrics: true });
    await manager.generateImage({ prompt });
    await manager.generateImage(misbehave('throw')).catch(() => {});
    await manager.generateImage(misbehave('exit')).catch(() => {});
    const { contentType, text } = await manager.getMetrics();
    expect(contentType).toMatch(/^text\/plain/);
    const expected = [
      'easel_attempts_total{plugin="steady",pipeline_type="steady",outcome="ok"} 1',
      'easel_attempts_total{plugin="chaos",pipeline_type="chaos",outcome="ERR_PLUGIN_FAILED"} 1',
      'easel_attempt_duration_seconds_count{plugin="steady",pipeline_type="steady"} 1',
      'easel_plugin_events_total{plugin="chaos",event="plugin-failed"} 1',
      'easel_plugin_ready{plugin="steady"} 1',
      'easel_plugin_ready{plugin="chaos"} 0',
      'easel_circuit_state{plugin="steady",pipeline_type="steady"} 0',
      'easel_calls_in_flight{plugin="steady"} 0',
    ];
    for (const line of expected) expect(text).toContain(line);
    expect(text).not.toContain(fixtureSecret);
  });

  it('belong to one kernel each, and are only there where they were asked for', async () => {
    const [one, other] = [
      createFixtureKernel({}, { metrics: true }),
      createFixtureKernel({}, { metrics: true }),
    ];
    await one.generateImage({ prompt });
    expect((await other.getMetrics()).text).not.toContain('outcome="ok"');
    await expect(createFixtureKernel().getMetrics()).rejects.toMatchObject({
      code: 'ERR_CONFIG_INVALID',
      hint: expect.stringContaining('metrics: true'),
    });
  });
});

describe('spans', () => {
  it('show a call and its tries, with codes and without prompts', async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    const manager = createFixtureKernel({}, { tracer: provider.getTracer('test') });
    await manager.generateImage({ prompt });
    await manager.generateImage(misbehave('throw')).catch(() => {});
    const spans = exporter.getFinishedSpans().map(({ name, attributes, status }) => ({
      name,
      plugin: attributes['easel.plugin'],
      error: attributes['error.type'],
      isError: status.code === 2,
    }));
    expect(spans).toEqual([
      { name: 'easel.attempt', plugin: 'steady', error: undefined, isError: false },
      { name: 'easel.generate_image', plugin: 'steady', error: undefined, isError: false },
      { name: 'easel.attempt', plugin: 'chaos', error: 'ERR_PLUGIN_FAILED', isError: true },
      { name: 'easel.generate_image', plugin: undefined, error: 'ERR_PLUGIN_FAILED', isError: true },
    ]);
    expect(JSON.stringify(exporter.getFinishedSpans().map(({ attributes }) => attributes))).not.toContain(
      'nobody',
    );
  });
});

describe('the log', () => {
  it('is JSON, a line an entry, each with its plugin and without secrets', async () => {
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    const manager = createFixtureKernel({}, { logger: createLogger({ destination }) });
    await manager.generateImage({ prompt });
    await manager.generateImage(misbehave('none'));
    await manager.close();
    const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(entries).toContainEqual(
      expect.objectContaining({ level: 'info', plugin: 'steady', msg: 'started', greeting: 'none' }),
    );
    expect(entries).toContainEqual(
      expect.objectContaining({ plugin: 'chaos', msg: 'will none with [CHAOS_KEY]' }),
    );
    expect(lines.join('')).not.toContain(fixtureSecret);
  });

  it('hides what is named like a secret, whoever writes it', () => {
    const lines: string[] = [];
    const logger = createLogger({ destination: { write: (line: string) => void lines.push(line) } });
    logger.info('asked', { authorization: 'Bearer x-1', headers: { apiKey: 'x-2' } });
    logger.debug('too quiet');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'info',
      msg: 'asked',
      authorization: '[hidden]',
      headers: { apiKey: '[hidden]' },
    });
  });
});
