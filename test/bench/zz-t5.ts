import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync, openSync, writeSync, closeSync, rmSync } from 'node:fs';
import { quantizeModel } from '/work/trees/flux/core/src/model-files/quantize/quantize-model.js';
import { openComponent } from '/work/trees/flux/plugins/local-diffusion/src/checkpoint/component.js';
import { t5EncoderGraph } from '/work/trees/flux/plugins/local-diffusion/src/networks/t5/t5-encoder.js';
import { NetworkMemory } from '/work/trees/flux/plugins/local-diffusion/src/session/network-memory.js';
import { NetworkGroup } from '/work/trees/flux/plugins/local-diffusion/src/session/network-group.js';
import { RepackedWeights } from '/work/trees/flux/plugins/local-diffusion/src/session/repacked-weights.js';
const [, , what, layersText, tokensText] = process.argv;
const layers = Number(layersText), tokens = Number(tokensText ?? 512);
const base = `/tmp/flux-t5/f16-${layers}`;
function shapes() {
  const s: Record<string, number[]> = { 'shared.weight': [32128, 4096], 'encoder.final_layer_norm.weight': [4096] };
  for (let i = 0; i < layers; i++) {
    const p = `encoder.block.${i}.layer`;
    for (const n of ['q', 'k', 'v', 'o']) s[`${p}.0.SelfAttention.${n}.weight`] = [4096, 4096];
    if (i === 0) s[`${p}.0.SelfAttention.relative_attention_bias.weight`] = [32, 64];
    s[`${p}.0.layer_norm.weight`] = [4096];
    s[`${p}.1.DenseReluDense.wi_0.weight`] = [10240, 4096];
    s[`${p}.1.DenseReluDense.wi_1.weight`] = [10240, 4096];
    s[`${p}.1.DenseReluDense.wo.weight`] = [4096, 10240];
    s[`${p}.1.layer_norm.weight`] = [4096];
  }
  return s;
}
const config = { architectures: ['T5EncoderModel'], d_model: 4096, d_kv: 64, d_ff: 10240, num_layers: layers, num_heads: 64, feed_forward_proj: 'gated-gelu', vocab_size: 32128 };
if (what === 'write') {
  mkdirSync(base, { recursive: true });
  const header: Record<string, object> = {}; let bytes = 0;
  for (const [n, sh] of Object.entries(shapes())) { const size = sh.reduce((a, b) => a * b, 2); header[n] = { dtype: 'F16', shape: sh, data_offsets: [bytes, bytes + size] }; bytes += size; }
  const text = JSON.stringify(header); const json = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8)); const len = Buffer.alloc(8); len.writeBigUInt64LE(BigInt(json.length));
  const bits = new Uint16Array(randomBytes(8 << 20).buffer); const block = Buffer.from(Uint16Array.from(bits, (v) => (v & 0x83ff) | (8 << 10)).buffer);
  const fd = openSync(`${base}/model.safetensors`, 'w'); writeSync(fd, len); writeSync(fd, json);
  for (let left = bytes; left > 0; left -= block.length) writeSync(fd, block, 0, Math.min(left, block.length)); closeSync(fd);
  writeFileSync(`${base}/config.json`, JSON.stringify(config));
  for (const to of ['q8', 'q4'] as const) { const f = `/tmp/flux-t5/${to}-${layers}`; mkdirSync(f, { recursive: true }); rmSync(`${f}/model.gguf`, { force: true }); await quantizeModel(`${base}/model.safetensors`, `${f}/model.gguf`, to); writeFileSync(`${f}/config.json`, JSON.stringify(config)); console.log(to, statSync(`${f}/model.gguf`).size); }
} else {
  const folder = `/tmp/flux-t5/${what}-${layers}`;
  const hwm = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024;
  const rss = () => { const t = readFileSync('/proc/self/status', 'utf8'); const g = (k: string) => Math.round(Number(new RegExp(`${k}:\\s+(\\d+)`).exec(t)![1]) / 1024); return { rss: g('VmRSS'), anon: g('RssAnon'), file: g('RssFile') }; };
  const component = await openComponent(folder);
  const before = rss();
  const repacked = what === 'f16' ? undefined : RepackedWeights.in?.('/tmp/flux-t5/repacked');
  const memory = new NetworkMemory({ threads: 2, ...(process.env.REPACK && { repacked }) } as never, {});
  const group = new NetworkGroup(memory);
  const network = group.add(t5EncoderGraph(component, { masked: false }));
  const feeds = { input_ids: { data: BigInt64Array.from({ length: tokens }, (_, i) => BigInt(i + 5)), shape: [1, tokens] } };
  const costs = await group.costsOf(async () => { await network.run(feeds, ['last_hidden_state']); });
  const t = performance.now();
  await network.run(feeds, ['last_hidden_state']);
  const first = performance.now() - t; const t2 = performance.now();
  await network.run(feeds, ['last_hidden_state']);
  const stored = (await import('node:fs')).readdirSync(folder).reduce((n, f) => n + statSync(`${folder}/${f}`).size, 0);
  console.log(JSON.stringify({ what, layers, tokens, storedMb: Math.round(stored / 2 ** 20), before, peakMb: Math.round(hwm()), after: rss(), overMb: Math.round(hwm() - before.rss - stored / 2 ** 20), firstS: first / 1000, secondS: (performance.now() - t2) / 1000, plan: costs.map((c) => ({ ...c })) }));
  await group.release();
}
