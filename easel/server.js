export * from '@easel/core/server';
