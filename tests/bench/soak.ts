// Many verifies in a row: memory and GPU buffers must stay flat. Prints both every twentieth of the way.
// What grew on lavapipe was not Deno's garbage (a forced gc() changed nothing) but the driver: see src/runtime/gpu/quirks.ts.
//   deno run -A tests/bench/soak.ts [wasm|webgpu] [count]
// deno-lint-ignore-file no-console

import { createVerifier, type DeviceChoice } from "../../mod.ts";
import { photo } from "../hosts.ts";
import { countBuffers } from "../spies.ts";

const [device = "wasm", count = "1000"] = Deno.args;
const files = await Promise.all(
  ["collins", "hopper"].map((name) => Deno.readFile(photo(name))),
);
using buffers = countBuffers();
await using verifier = await createVerifier({ device: device as DeviceChoice });
for (let i = 0; i <= Number(count); i++) {
  if (i % (Number(count) / 20) === 0) {
    const { rss } = Deno.memoryUsage();
    console.log(
      `${device}: ${i} verifies, RSS ${(rss / 2 ** 20).toFixed(0)} MB, ${buffers.live} GPU buffers`,
    );
  }
  await verifier.verify(files[0], files[1]);
}
Deno.exit(0);
