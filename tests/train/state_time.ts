// The mask-state network's time beside the embedding network's on the same crops, in one run on wasm:
//   deno run -A tests/train/state_time.ts [threads]
// deno-lint-ignore-file no-console

import { EngineHost } from "../../src/pipeline/engine/host.ts";
import { openModels } from "../../src/model/model.ts";
import { MASK_STATE_MODEL } from "../../src/pipeline/embed/mask_state.ts";

const RUNS = 200;
const threads = Deno.args[0] ? Number(Deno.args[0]) : undefined;
await using host = new EngineHost("wasm", await openModels(), { threads });
await host.use(async (engine) => {
  const { backend } = engine;
  const networks = [await engine.network("student"), await engine.network(MASK_STATE_MODEL)];
  const values = Float32Array.from({ length: 112 * 112 * 3 }, (_, i) => Math.sin(i / 50));
  const crops = backend.write(values, [1, 112, 112, 3]);
  const times: number[][] = networks.map(() => []);
  for (let i = -20; i < RUNS; i++) {
    // In turn, so that what else the machine does falls on both.
    for (const [k, network] of networks.entries()) {
      const start = performance.now();
      await backend.run(network, crops);
      if (i >= 0) times[k].push(performance.now() - start);
    }
  }
  const [student, state] = times.map((list) => list.sort((a, b) => a - b)[RUNS / 2]);
  console.log(
    `median of ${RUNS}: student ${student.toFixed(2)} ms, mask-state ${state.toFixed(3)} ms, ` +
      `${(100 * state / student).toFixed(1)}%`,
  );
});
