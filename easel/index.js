export * from '@easel/core';
