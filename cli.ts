// The command line of maskinv: `deno run -A cli.ts verify a.jpg b.jpg`.
// The commands are in src/cli; this file only ties them to the process.

import { main } from "./src/cli/main.ts";
import { processTerminal } from "./src/cli/terminal.ts";

if (import.meta.main) {
  const terminal = processTerminal();
  // A defect would end the process with exit code 1, which says "no match".
  const code = await main(Deno.args, terminal).catch((error: unknown) => {
    terminal.err(`maskinv: this is a defect of maskinv\n${Deno.inspect(error)}`);
    return 2;
  });
  Deno.exit(code);
}
