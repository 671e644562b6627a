import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConfigurationInput } from '@easel/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ChargeTable } from '../../core/src/jobs/database/charge-table.js';
import { openDatabase } from '../../core/src/jobs/database/open-database.js';
import { easel, workingFolder } from '../cli/easel.js';
import { bearer, createKey, jsonOf, startServer } from './server.js';

const path = (relative: string) => fileURLToPath(new URL(`../fixtures/${relative}`, import.meta.url));

async function startWorld(
  settings: ConfigurationInput['server'] = {},
  storageFolder?: string,
  dear: object = {},
) {
  const folder = storageFolder ?? (await mkdtemp(join(tmpdir(), 'easel-budgets-')));
  if (storageFolder === undefined)
    onTestFinished(async () => await rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  return await startServer({
    storageFolder: folder,
    pluginFolders: [path('money-plugins')],
    catalogueFolders: [path('money-catalogue')],
    currentModel: 'dear-drawing',
    server: settings,
    plugins: {
      cheap: { options: { estimate: 0.01, fails: 'ERR_PROVIDER_AUTH', mayBePaid: true } },
      dear: { options: { estimate: 0.4, cost: 0.3, delayMs: 50, ...dear } },
      unpriced: { options: { cost: 0.2 } },
      here: { options: { fails: 'ERR_PROVIDER_AUTH' } },
    },
  });
}
type World = Awaited<ReturnType<typeof startWorld>>;

interface Spending {
  readonly totals: {
    readonly name: string;
    readonly amount: number;
    readonly reserved: number;
    readonly calls: number;
  }[];
  readonly budgets: { readonly of: string; readonly dollars_per_day: number; readonly spent_today: number }[];
}

const make = (server: World, model: string, headers = {}) =>
  server.post('/api/images/generate', { prompt: 'a boat', model }, headers);
const spendingOf = async (server: World, by: string, headers = {}) =>
  await jsonOf<Spending>(await server.get(`/api/costs?by=${by}`, headers));

describe('a budget', () => {
  it('of a key is not passed by parallel calls, and leaves other keys alone', async () => {
    const server = await startWorld();
    const key = bearer(await createKey(server.storageFolder, { dollarsPerDay: 1 }));
    const other = bearer(await createKey(server.storageFolder));
    // Three times 0.40 is beyond 1.00 while they are under way, although three times 0.30 would not be.
    const answers = await Promise.all([1, 2, 3, 4].map(() => make(server, 'dear-drawing', key)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 402, 402]);
    const refused = answers.find(({ status }) => status === 402) as Response;
    expect(refused.headers.get('x-should-retry')).toBe('false');
    expect(await jsonOf(refused)).toMatchObject({
      error: {
        code: 'ERR_BUDGET',
        message: expect.stringContaining('The budget of this key is 1 USD a day (UTC)'),
      },
    });
    // What they have cost was less than what had been set aside.
    expect((await make(server, 'dear-drawing', key)).status).toBe(200);
    expect((await make(server, 'dear-drawing', key)).status).toBe(402);
    expect((await make(server, 'dear-drawing', other)).status).toBe(200);

    const { totals, budgets } = await spendingOf(server, 'provider', key);
    expect(totals).toMatchObject([{ name: 'dear', calls: 3, reserved: 0 }]);
    expect(totals[0]?.amount).toBeCloseTo(0.9);
    expect(budgets).toMatchObject([{ of: 'key', dollars_per_day: 1, spent_today: expect.closeTo(0.9) }]);
    const metrics = await (await server.get('/metrics', key)).text();
    expect(metrics).toMatch(/easel_budget_spent_dollars\{key="[0-9a-f]{8}"\} 0\.(9|8999)/);
    expect(metrics).toMatch(/easel_budget_limit_dollars\{key="[0-9a-f]{8}"\} 1\n/);
  });

  it('outlives a restart, with what may have been paid; what failed otherwise is free again', async () => {
    const settings = { budgetPerDay: 0.5 };
    const server = await startWorld(settings);
    expect((await make(server, 'cheap-drawing')).status).toBe(502);
    expect((await make(server, 'here-drawing')).status).toBe(502);
    expect((await make(server, 'dear-drawing')).status).toBe(200);
    await server.close();
    const next = await startWorld(settings, server.storageFolder);
    expect((await make(next, 'dear-drawing')).status).toBe(402);
    const { totals } = await spendingOf(next, 'model');
    expect(totals).toEqual([
      { name: 'dear-drawing', currency: 'USD', amount: 0.3, reserved: 0, calls: 1, unpriced: 0 },
      { name: 'cheap-drawing', currency: 'USD', amount: 0.01, reserved: 0.01, calls: 1, unpriced: 0 },
    ]);
  });

  it('refuses what has no price until one is known, and never a call that costs nothing', async () => {
    const server = await startWorld();
    const limited = bearer(await createKey(server.storageFolder, { dollarsPerDay: 0.3 }));
    const free = bearer(await createKey(server.storageFolder));
    expect(await jsonOf(await make(server, 'unpriced-drawing', limited))).toMatchObject({
      error: { code: 'ERR_BUDGET', message: expect.stringContaining('nobody knows what a call') },
    });
    expect((await make(server, 'unpriced-drawing', free)).status).toBe(200);
    expect((await make(server, 'unpriced-drawing', limited)).status).toBe(200);
    expect((await make(server, 'unpriced-drawing', limited)).status).toBe(402);
  });

  it.each([
    // What is not in dollars stays the estimate of it.
    ['EUR', 402, 'USD', 0.4],
    // 0.30, and the estimate of another call is beyond it.
    ['usd', 402, 'USD', 0.3],
  ])('is not passed by calls that cost %s', async (currency, status, told, amount) => {
    const server = await startWorld({ budgetPerDay: 0.5 }, undefined, { currency });
    expect((await make(server, 'dear-drawing')).status).toBe(200);
    expect((await make(server, 'dear-drawing')).status).toBe(status);
    const { totals } = await spendingOf(server, 'provider');
    expect(totals).toMatchObject([{ name: 'dear', currency: told, amount: expect.closeTo(amount) }]);
  });

  it('counts jobs, a job that is carried out again only once', async () => {
    const server = await startWorld({ budgetPerKey: 0.5 });
    const submit = () =>
      server.post('/api/images/jobs', { prompt: 'a boat' }, { 'idempotency-key': 'one of them' });
    const { id } = await jsonOf<{ id: string }>(await submit());
    const stateOf = async () =>
      (await jsonOf<{ state: string }>(await server.get(`/api/images/jobs/${id}`))).state;
    await expect.poll(stateOf).toBe('succeeded');
    expect((await make(server, 'dear-drawing')).status).toBe(402);
    await server.close();

    const database = openDatabase(join(server.storageFolder, 'jobs.db'));
    const table = new ChargeTable(database);
    const [row] = database.prepare('SELECT * FROM charges').all() as Parameters<ChargeTable['book']>[0][];
    if (!row) throw new Error('nothing was booked');
    expect(table.reserve(row, [{ caller: '', dollars: 0.3 }])).toEqual({ kind: 'reserved' });
    table.book({ ...row, amount: 0.3 });
    table.release(row.id);
    expect(table.spent(row.day, null)).toBeCloseTo(0.3);
    database.close();
  });
});

it('easel costs tells what was spent, and by whom', async () => {
  const server = await startWorld();
  expect((await make(server, 'dear-drawing')).status).toBe(200);
  const { stdout } = await easel(workingFolder(), ['costs', '--by', 'key', '--url', server.url]);
  expect(stdout).toMatch(/KEY +COST +OF IT SET ASIDE +CALLS/);
  expect(stdout).toMatch(/none +0\.3000 USD +0\.0000 USD +1 +0/);
  const json = JSON.parse(
    (await easel(workingFolder(), ['costs', '--json', '--url', server.url])).stdout,
  ) as Spending;
  expect(json.totals).toMatchObject([{ name: 'dear', amount: 0.3 }]);
});
