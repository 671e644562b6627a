import { describe, expect, it } from 'vitest';
import { bearer, createKey, jsonOf, startServer, type TestServer } from './server.js';

/** The fixture works on two calls at once, and lets two wait. */
const slow = (delayMs: number) => ({ prompt: 'a fixture', provider_options: { steady: { delayMs } } });

const load = ({ manager }: TestServer) => {
  const steady = manager.getServiceHealth().plugins.find(({ id }) => id === 'steady');
  return [steady?.inFlight, steady?.queued];
};

/** A server that works on two calls of a key and has two more of it waiting. */
async function crowdedServer() {
  const server = await startServer();
  const many = await createKey(server.storageFolder);
  const ask = (key: string, more: object = {}, path = '/v1/images/generations') =>
    server.post(path, { ...slow(600), ...more }, bearer(key));
  const crowd: Promise<Response>[] = [];
  for (const expected of [
    [1, 0],
    [2, 0],
    [2, 1],
    [2, 2],
  ]) {
    crowd.push(ask(many));
    await expect.poll(() => load(server), { interval: 5 }).toEqual(expected);
  }
  const statuses = async () => (await Promise.all(crowd)).map(({ status }) => status);
  return { server, many, ask, statuses };
}

describe('calls that wait', () => {
  it('make room for a key that has none there, and not for more of the same key', async () => {
    const { server, many, ask, statuses } = await crowdedServer();
    const refused = await ask(many);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ error: { code: 'ERR_QUEUE_FULL' } });
    const one = await createKey(server.storageFolder);
    expect((await ask(one)).status).toBe(200);
    expect(await statuses()).toEqual([200, 200, 200, 503]);
  });

  it('make room for urgent ones of a key that may be urgent', async () => {
    const { server, many, ask, statuses } = await crowdedServer();
    const forbidden = await ask(many, { priority: 1 });
    expect(forbidden.status).toBe(403);
    expect(await forbidden.json()).toMatchObject({ error: { code: 'scope_missing', param: 'priority' } });
    const urgent = await createKey(server.storageFolder, { scopes: ['generate', 'priority'] });
    const answers = await Promise.all([
      ask(urgent, { priority: 1 }),
      ask(urgent, { priority: 1, stream: true }),
      ask(urgent, { priority: 1 }, '/api/images/generate'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 503]);
    expect(await answers[1]?.text()).toContain('image_generation.completed');
    expect(await statuses()).toEqual([200, 200, 503, 503]);
  });

  it('make room for those that let others go first of nobody', async () => {
    const { server, ask, statuses } = await crowdedServer();
    const one = await createKey(server.storageFolder);
    expect((await ask(one, { priority: -1 })).status).toBe(503);
    expect(await statuses()).toEqual([200, 200, 200, 200]);
  });

  it('go after the calls of an urgent job, and wait as a job where they lose their place', async () => {
    const { server, ask, statuses } = await crowdedServer();
    const key = await createKey(server.storageFolder, { scopes: ['generate', 'read', 'priority'] });
    const submit = async (priority: number) =>
      await jsonOf<{ id: string }>(await ask(key, { priority }, '/api/images/jobs'));
    const idle = await submit(-1);
    const urgent = await submit(1);
    const stateOf = async ({ id }: { id: string }) =>
      (await jsonOf<{ state: string }>(await server.get(`/api/images/jobs/${id}`, bearer(key)))).state;
    await expect.poll(() => stateOf(urgent)).toBe('succeeded');
    expect(await stateOf(idle)).not.toBe('failed');
    expect(await statuses()).toEqual([200, 200, 200, 503]);
    await expect.poll(() => stateOf(idle)).toBe('succeeded');
  });
});
