export default { serverExternalPackages: ['easel', '@easel/core', '@easel/plugin-sdk'] };
