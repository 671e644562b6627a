import type { GraphBuilder, Value } from './builder.js';
