// Options that count something.

import { InvalidArgumentError } from "../base/errors.ts";
import type { Arguments } from "./command.ts";

/** The value of an option that must be a whole number from 1 on, if it is given. */
export function wholeOf(args: Arguments, name: string): number | undefined {
  const number = args.number(name);
  if (number === undefined || (Number.isInteger(number) && number >= 1)) return number;
  throw new InvalidArgumentError(`Option --${name} is ${number}: give a whole number from 1 on`);
}
