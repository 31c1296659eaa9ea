// The `distill` command: what it refuses before anything is loaded or trained, and its export.

import { assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { main } from "../../src/cli/main.ts";
import { studentNetwork } from "../../src/distill/networks.ts";
import { writeCheckpoint } from "../../src/distill/train/checkpoint.ts";
import { flatLayout, toFlat } from "../../src/distill/train/flat.ts";
import { mobilefacenetFile } from "./mobilefacenet_fixture.ts";

const CONFIG = decodeURIComponent(
  new URL("../../src/distill/configs/student.json", import.meta.url).pathname,
);

async function run(...args: string[]): Promise<{ code: number; text: string }> {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  const code = await main(["distill", ...args], {
    out: write,
    err: write,
    progress: () => {},
    colors: false,
  });
  return { code, text: lines.join("\n") };
}

Deno.test("wrong arguments of distill are errors that say what to do", async () => {
  const wrong: [string[], string][] = [
    [[], "usage is distill"],
    [["/nowhere.json"], "/nowhere.json"],
    [[CONFIG, "--workers", "0"], "--workers is 0"],
    [[CONFIG, "--device", "cpu"], "wasm or webgpu"],
    [[CONFIG, "--export", "/nowhere.checkpoint"], "--out"],
    [[CONFIG, "--export", "/nowhere.checkpoint", "--out", "/tmp/s.onnx"], "/nowhere.checkpoint"],
  ];
  for (const [args, reason] of wrong) {
    const { code, text } = await run(...args);
    assertEquals(code, 2);
    assertStringIncludes(text, reason);
  }
});

Deno.test("distill --export writes the running mean of a checkpoint", async () => {
  const folder = await Deno.makeTempDir();
  const network = studentNetwork("mobilefacenet"), layout = flatLayout(network, 5);
  const teacherFile = `${folder}/teacher.onnx`;
  await Deno.writeFile(teacherFile, mobilefacenetFile(192, 2));
  const parameters = network.read(mobilefacenetFile());
  writeCheckpoint(`${folder}/a.checkpoint`, {
    step: 1,
    config: "",
    identities: 5,
    best: { score: 0, step: 0 },
    parameters: new Float32Array(layout.length),
    mean: toFlat(layout, parameters),
    optimizer: [],
  });
  const config = `${folder}/config.json`;
  const { start: _, ...edgenext } = JSON.parse(await Deno.readTextFile(CONFIG));
  await Deno.writeTextFile(config, JSON.stringify({ ...edgenext, network: "mobilefacenet" }));
  const args = [config, "--export", `${folder}/a.checkpoint`, "--out", `${folder}/student.onnx`];
  assertEquals((await run(...args)).code, 0);
  const again = network.read(await Deno.readFile(`${folder}/student.onnx`));
  for (const [name, values] of Object.entries(parameters)) {
    assertEquals(
      again[name].map((value, i) => Math.abs(value - values[i]) < 1e-8 ? 0 : 1).indexOf(1),
      -1,
    );
  }
  assertEquals((await run(...args, "--blend", `${teacherFile}:0.25`)).code, 0);
  const mixed = network.read(await Deno.readFile(`${folder}/student.onnx`));
  const teacher = network.read(await Deno.readFile(teacherFile));
  let farthest = 0;
  for (const [name, values] of Object.entries(parameters)) {
    values.forEach((value, i) => {
      const wanted = 0.75 * value + 0.25 * teacher[name][i];
      farthest = Math.max(farthest, Math.abs(mixed[name][i] - wanted) / (1 + Math.abs(wanted)));
    });
  }
  assertLess(farthest, 1e-6);
  for (const wrong of [`${teacherFile}:0.6,${teacherFile}:0.5`, teacherFile, "/nowhere.onnx:0.5"]) {
    const { code, text } = await run(...args, "--blend", wrong);
    assertEquals(code, 2);
    assertStringIncludes(text, "Cannot mix in");
  }
  await Deno.remove(folder, { recursive: true });
});
