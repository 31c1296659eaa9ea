// Reads what a command takes from the environment, where keys may be given without standing in a command line.
// A variable that may not be read is an error: taken as missing, a key would be left out without anybody noticing.

import { InvalidArgumentError } from "../base/errors.ts";

/** The value of a variable, if it is set; `instead` is what the message offers beside the permission. */
export function readVariable(name: string, instead: string): string | undefined {
  return permitted(() => Deno.env.get(name), `read ${name}`, `--allow-env=${name}`, instead);
}

/** Asks the system for something; without permission, the error names the flag and what to do instead. */
export function permitted<T>(ask: () => T, what: string, flag: string, instead: string): T {
  try {
    return ask();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    throw new InvalidArgumentError(
      `Cannot ${what} as this process has no permission: run it with ${flag}, or ${instead}`,
      { cause: error },
    );
  }
}
