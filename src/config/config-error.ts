/** EX_CONFIG of sysexits.h: what a process manager should not retry. */
const EXIT_CODE = 78;

/** The configuration is wrong: one line for each wrong key, without the value. */
export class ConfigError extends Error {
  readonly exitCode = EXIT_CODE;

  constructor(readonly lines: readonly string[]) {
    super(lines.join('\n'));
  }
}
