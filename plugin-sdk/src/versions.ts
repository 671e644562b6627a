/**
 * The version of the plugin object that `definePlugin` makes; a change that old plugins would not survive
 * raises it.
 */
export const apiVersion = 1;

/**
 * The wire protocols that this package's types describe, between the kernel and a plugin's process; the
 * highest common one is spoken. 2: the kernel tells whether a result has been received.
 */
export const wireProtocols: readonly number[] = [1, 2];
