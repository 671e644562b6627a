import { providers } from './providers.js';
import { runMatrix } from './matrix.js';
import { tableOf } from './table.js';
for (const p of providers.filter(({id}) => !process.argv[2] || id === process.argv[2])) { const t = performance.now(); const m = await runMatrix(p); console.log(tableOf(m.rows)); console.log(m.violations, performance.now() - t); }
