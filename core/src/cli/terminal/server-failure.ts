/** What a server that a command has asked says went wrong, or that none answers (`ERR_NO_SERVER`). */
export class ServerFailure extends Error {
  /** Of the error table, or one of the server's own. */
  readonly code: string;
  readonly hint: string;

  constructor({ code, message, hint = '' }: { code: string; message: string; hint?: string | undefined }) {
    super(message);
    this.name = 'ServerFailure';
    this.code = code;
    this.hint = hint;
  }
}
