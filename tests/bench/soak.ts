// Many verifies of two small photos in a row: memory, GPU buffers and bind groups must stay flat. Prints each twentieth of the way.
// What grew on lavapipe was not Deno's garbage (a forced gc() changed nothing) but the driver: see src/runtime/gpu/quirks.ts.
//   deno run -A tests/bench/soak.ts [wasm|webgpu] [count] [--small]
// --small takes the smaller network and no mirror images: the same calls in half the time.
// deno-lint-ignore-file no-console

import type { DeviceChoice } from "../../mod.ts";
import { growth, soak, type SoakPoint } from "./soak_series.ts";

const [device = "wasm", count = "1000"] = Deno.args.filter((argument) => argument !== "--small");
const small = Deno.args.includes("--small") ? { model: "fast", mirror: false } : {};
const points: SoakPoint[] = [];
for await (const point of soak({ device: device as DeviceChoice, ...small }, Number(count), 20)) {
  points.push(point);
  const { verifies, rss, buffers, handles, bindGroups } = point;
  console.log(
    `${device}: ${verifies} verifies, RSS ${
      (rss / 2 ** 20).toFixed(0)
    } MB, ${buffers} GPU buffers, ` +
      `${handles} handles, ${bindGroups} new bind groups`,
  );
}
console.log(
  `${device}: ${(growth(points) / 2 ** 10).toFixed(1)} KB more a verify in the second half`,
);
Deno.exit(0);
