// One question for the permission to read, in the place of one for each model, decoder and photo.

/** Asks whoever sits at a terminal for the permission to read, unless it was given; elsewhere nothing is asked. */
export async function askToRead(): Promise<void> {
  if (!Deno.stdin.isTerminal() || !Deno.stderr.isTerminal()) return;
  if ((await Deno.permissions.query({ name: "read" })).state === "prompt") {
    await Deno.permissions.request({ name: "read" });
  }
}
