// The command line of maskinv: `deno run -A cli.ts verify a.jpg b.jpg`.
// The commands are in src/cli; this file only ties them to the process.

import { main } from "./src/cli/main.ts";
import { processTerminal } from "./src/cli/terminal.ts";

if (import.meta.main) Deno.exit(await main(Deno.args, processTerminal()));
