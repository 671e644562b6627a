/** The command line itself is wrong: exit status 2. The message names the flag. */
export class UsageError extends Error {
  readonly hint: string;

  constructor(message: string, hint = 'See `easel --help`, or `--help` behind a command.') {
    super(message);
    this.name = 'UsageError';
    this.hint = hint;
  }
}
