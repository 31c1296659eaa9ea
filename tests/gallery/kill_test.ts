import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { openFileStore } from "../../src/gallery/mod.ts";
import { compareTemplates } from "../../src/pipeline/score/mod.ts";
import { randomNumbers } from "../../src/math/random.ts";
import { KEY, randomTemplates } from "./templates.ts";

/** Runs the child until it has said so many lines, kills it, and returns all that it said. */
async function runAndKill(folder: string, first: number, lines: number): Promise<string[]> {
  await using child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", "tests/gallery/kill_child.ts", folder, `${first}`],
    cwd: decodeURIComponent(new URL("../..", import.meta.url).pathname),
    stdout: "piped",
  }).spawn();
  let text = "", killed = false;
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (killed || text.split("\n").length <= lines) continue;
    child.kill("SIGKILL");
    killed = true;
  }
  assertEquals((await child.status).signal, "SIGKILL");
  return text.split("\n").slice(0, -1);
}

Deno.test("kill -9 among 200 enrolments loses none that was acknowledged", async () => {
  const folder = await Deno.makeTempDir();
  const random = randomNumbers(Date.now());
  const put = new Set<number>(), removed = new Set<number>();
  for (let first = 1; put.size < 200;) {
    const lines = await runAndKill(folder, first, 10 + Math.floor(50 * random()));
    for (const line of lines) {
      const [verb, seed] = line.split(" ");
      (verb === "put" ? put : removed).add(Number(seed));
    }
    first = Math.max(...put) + 5;
    // Opens after each kill, with a lock that nobody holds any more.
    await using store = await openFileStore(folder, { key: KEY, device: "wasm" });
    for (const seed of put) {
      const found = await store.templates(`person ${seed}`);
      if (removed.has(seed)) {
        assertEquals(found.length, 0, `person ${seed} came back`);
        continue;
      }
      // A removal under way when the process was killed may have taken effect.
      if (seed % 5 === 0 && found.length === 0) continue;
      const wanted = randomTemplates(seed, seed % 7 === 0 ? 40 : 1);
      assertEquals(found.length, wanted.length, `person ${seed} is lost`);
      found.forEach((own, i) => assertGreaterOrEqual(compareTemplates(own, wanted[i]), 0.999999));
    }
  }
});
