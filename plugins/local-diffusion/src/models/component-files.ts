import type { Component } from '../checkpoint/component.js';

/** All that a component was read from. A config that was told from the weights has no file. */
export function filesOf({ configFile, tensors }: Component): string[] {
  const files = new Set([...tensors.values()].map(({ file }) => file));
  return configFile.endsWith('.json') ? [configFile, ...files] : [...files];
}
