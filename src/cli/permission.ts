// One question for the permission to read, in the place of one for each model, decoder and photo.

import { mayNotRead } from "./commands.ts";

/**
 * Asks whoever sits at a terminal for the permission to read, unless it was given; elsewhere nothing is asked.
 *
 * @throws {InvalidArgumentError} If the answer is no: each file would be asked for again.
 */
export async function askToRead(command: string): Promise<void> {
  if (!Deno.stdin.isTerminal() || !Deno.stderr.isTerminal()) return;
  if ((await Deno.permissions.query({ name: "read" })).state !== "prompt") return;
  const { state } = await Deno.permissions.request({ name: "read" });
  if (state !== "granted") throw mayNotRead(command);
}
