import { createParser } from 'eventsource-parser';
import { expect, it } from 'vitest';
