/** The end of the help of the main commands. */
export const configurationAndStatus = `
Configuration:
  easel.config.json in the working directory, where there is one; another file with --config.
  The plugins and models that come with Easel are always there beside it.

Exit status:
  0  done        1  failed (the error says why and what to do); \`easel health\`: degraded
  2  the command line is wrong        130, 143  stopped by Ctrl-C or SIGTERM`;
