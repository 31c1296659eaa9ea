import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { sideBySide } from "../../src/cli/picture.ts";
import { encodePng, loadImage } from "../../src/image/mod.ts";
import { openModels } from "../../src/model/model.ts";
import { photo } from "../hosts.ts";
import { run, WASM } from "./run.ts";

Deno.test("verify: exit code 0 for a match, 1 for no match, with an honest line", async () => {
  const match = await run("verify", ...WASM, photo("collins"), photo("collins_crop"));
  assertEquals(match.code, 0);
  assertMatch(
    match.out,
    /^match {2}score [\d.]+ \(cosine 0\.9\d+\) {2}threshold 0\.\d+ for FMR 0\.001 in each of \d+ measured groups/,
  );
  assertMatch(
    match.out,
    /\nat this score fewer than 1 in [\d,]+ pairs of different people of any of \d+ measured groups \(worst: .+\) would match, neither/,
  );
  assertMatch(match.out, /mask none \(([89]\d|100)%\)/);
  assertMatch(match.out, /wasm, model student [0-9a-f]{12}/);
  assertEquals(match.err, "");
  const other = await run("verify", ...WASM, photo("collins"), photo("hopper"));
  assertEquals(other.code, 1);
  assertMatch(other.out, /^no match {2}score/);
  const own = await run("verify", ...WASM, "--threshold=-0.5", photo("collins"), photo("hopper"));
  assertEquals(own.code, 0);
  assertStringIncludes(own.out, "threshold -0.5 (your own)");
  assertMatch(own.out, /\nat this score up to \d+% of pairs of different people of any of/);
  // As other packages compare: cosines, at a threshold measured across all people.
  const plain = ["--normalize=none", "--threshold=pooled", photo("collins"), photo("collins_crop")];
  const cosine = await run("verify", ...WASM, ...plain);
  assertMatch(cosine.out, /^match {2}score 0\.9\d+ {2}threshold 0\.\d+ for FMR 0\.001 \(measured/);
  assertMatch(cosine.out, /\nat this score fewer than 1 in [\d,]+ impostors would match, neither/);
});

Deno.test("verify --json says everything but the mesh", async () => {
  const { code, out } = await run(
    "verify",
    ...WASM,
    "--json",
    "--fmr=0.01",
    photo("hopper"),
    photo("hopper_masked"),
  );
  assertEquals(code, 0);
  const json = JSON.parse(out);
  assertEquals(json.decision, "match");
  assertEquals(json.rule.measured.fmr, 0.01);
  assertEquals(json.rule.threshold > -1 && json.rule.threshold <= json.score, true);
  assertEquals(json.scoreFmr.fmr < 0.01, true);
  assertEquals(json.scoreFmr.interval.length, 2);
  assertEquals(json.rule.basis, json.scoreFmr.basis);
  assertEquals(json.faces.length, 2);
  assertEquals(Object.keys(json.faces[0].landmarks).includes("mesh"), false);
  assertEquals(typeof json.faces[0].alignment.residual, "number");
  const states = json.faces.map((face: { mask: { state: string } }) => face.mask.state);
  assertEquals(states, ["none", "full"]);
  assertMatch(json.model.sha256, /^[0-9a-f]{64}$/);
  assertEquals(Object.keys(json.timings), ["decode", "detect", "compare", "total"]);
});

Deno.test("what is printed of a URL is neither login nor query nor content", async () => {
  const bytes = await Deno.readFile(photo("hopper"));
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) =>
      new URL(request.url).pathname === "/a.jpg"
        ? new Response(bytes)
        : new Response("", { status: 403 }),
  );
  const { port } = server.addr;
  const data = `data:image/jpeg;base64,${bytes.toBase64()}`;
  const url = (name: string): string => `http://127.0.0.1:${port}/${name}?X-Amz-Signature=5ecre7`;
  for (const flags of [[], ["--json"]]) {
    const { code, out } = await run("verify", ...WASM, ...flags, url("a.jpg"), data);
    assertEquals(code, 0);
    assertStringIncludes(out, `http://127.0.0.1:${port}/a.jpg`);
    assertStringIncludes(out, `data:image/jpeg (${data.length} characters)`);
    assertEquals(/Signature|5ecre7|base64/.test(out), false);
  }
  const login = url("none.jpg").replace("//", "//me:5ecre7@");
  for (const command of ["detect", "embed", "verify"]) {
    const { code, out, err } = await run(
      command,
      ...WASM,
      ...Array(command === "verify" ? 2 : 1).fill(login),
    );
    assertEquals(code, 2);
    assertStringIncludes(err, `http://127.0.0.1:${port}/none.jpg`);
    assertEquals(/Signature|5ecre7/.test(out + err), false);
  }
  await server.shutdown();
});

Deno.test("trouble is exit code 2 and one line that says what to do", async () => {
  const folder = await Deno.makeTempDir();
  const blank = `${folder}/blank.png`, both = `${folder}/both.png`;
  const grey = { width: 60, height: 60, data: new Uint8ClampedArray(60 * 60 * 4).fill(128) };
  await Deno.writeFile(blank, await encodePng(grey));
  const photos = [await loadImage(photo("collins")), await loadImage(photo("hopper"))];
  await Deno.writeFile(both, await encodePng(sideBySide(photos)));
  const collins = photo("collins");
  const cases: [string[], string][] = [
    [["verify", ...WASM, collins, blank], "No face found in"],
    [["verify", ...WASM, both, collins], "--face largest or --face centred"],
    [["verify", ...WASM, collins, `${folder}/none.jpg`], "none.jpg"],
    [["verify", ...WASM, collins, import.meta.filename!], "cli_test.ts"],
    [["verify", ...WASM, "--max-pixels", "1000", collins, collins], "maxPixels"],
    [["verify", ...WASM, collins], "Cannot verify 1 photo:"],
    [["verify", "--device", "gpu", collins, collins], "auto, webgpu, wasm"],
    [["verify", ...WASM, "--fmr", "often", collins, collins], "give a number"],
    [["verify", ...WASM, "--fmr", "1e-9", collins, collins], 'threshold "pooled"'],
    [
      ["verify", ...WASM, "--fmr", "1e-9", "--threshold", "pooled", collins, collins],
      "with 30000000000 impostor pairs",
    ],
    [["verify", "--gpu", collins, collins], "no option --gpu"],
    [["detect", "--annotate", "x.png", collins, collins], "give one photo"],
    [["detect", ...WASM, "--annotate", `${folder}/no/x.png`, collins], "Cannot write"],
    [["compare", collins, collins], 'no command "compare"'],
  ];
  for (const [args, message] of cases) {
    const { code, err } = await run(...args);
    assertEquals(code, 2, args.join(" "));
    assertStringIncludes(err, message);
    assertStringIncludes(err, "maskinv: ");
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("detect lists faces, exits with 1 if a photo has none, and writes the annotated photo", async () => {
  const folder = await Deno.makeTempDir();
  const picture = `${folder}/out.png`;
  const { code, out } = await run("detect", ...WASM, "--annotate", picture, photo("collins"));
  assertEquals(code, 0);
  assertMatch(out, /512x512, 1 face, wasm\n {2}face \d+x\d+ at/);
  const drawn = await loadImage(picture);
  const before = await loadImage(photo("collins"));
  assertEquals([drawn.width, drawn.height], [512, 512]);
  assertEquals(drawn.data.some((value, i) => value !== before.data[i]), true);
  const grey = { width: 60, height: 60, data: new Uint8ClampedArray(60 * 60 * 4).fill(128) };
  await Deno.writeFile(picture, await encodePng(grey));
  const none = await run("detect", ...WASM, "--json", picture, photo("hopper"));
  assertEquals(none.code, 1);
  assertEquals(none.out.split("\n").map((line) => JSON.parse(line).faces.length), [0, 1]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("embed prints numbers only as JSON", async () => {
  const { student: { templateSize } } = (await openModels()).manifest;
  const plain = await run("embed", ...WASM, photo("collins"), import.meta.filename!);
  assertEquals(plain.code, 2);
  assertStringIncludes(plain.out, `${templateSize} numbers of model`);
  assertStringIncludes(plain.err, "cli_test.ts");
  const { out } = await run("embed", ...WASM, "--json", photo("collins"));
  const { embedding } = JSON.parse(out);
  assertEquals(embedding.length, templateSize);
  const length = Math.hypot(...embedding);
  assertEquals(Math.abs(length - 1) < 1e-5, true, `length ${length}`);
});

Deno.test("mask writes the photo with masks, and a sheet of all kinds", async () => {
  const folder = await Deno.makeTempDir();
  const out = `${folder}/out.png`;
  const options = ["--kind", "surgical", "--color", "#4a7", "--seed", "7", "-o", out];
  const { code, out: said } = await run("mask", ...WASM, ...options, photo("hopper"));
  assertEquals(code, 0);
  assertMatch(said, /1 face, masks on 1/);
  const masked = await loadImage(out), before = await loadImage(photo("hopper"));
  assertEquals([masked.width, masked.height], [before.width, before.height]);
  // Her mouth, at (265, 275), is under the green of the mask; her cap is as it was.
  const at = (
    image: typeof masked,
    x: number,
    y: number,
  ): number[] => [...image.data.subarray((y * image.width + x) * 4, (y * image.width + x) * 4 + 3)];
  const [red, green, blue] = at(masked, 265, 275);
  assertEquals(green > red && green > blue, true, `${[red, green, blue]}`);
  assertEquals(at(masked, 265, 60), at(before, 265, 60));
  const sheet = await run("mask", ...WASM, "--all", "-o", out, photo("hopper"));
  assertEquals(sheet.code, 0);
  const { width, height } = await loadImage(out);
  assertEquals([width, height], [1600, 600]);
  const refused = await run("mask", ...WASM, "--kind", "veil", "-o", out, photo("hopper"));
  assertEquals(refused.code, 2);
  assertStringIncludes(refused.err, "surgical, cloth");
  assertEquals((await run("mask", ...WASM, photo("hopper"))).code, 2);
  await Deno.remove(folder, { recursive: true });
});
