import { assertEquals, assertStringIncludes } from "@std/assert";
import { main } from "../../src/cli/main.ts";
import { form } from "./requests.ts";

const CLI = decodeURIComponent(new URL("../../cli.ts", import.meta.url).pathname);

Deno.test("serve answers on a port and, told to end, finishes what is under way", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/keys`, "# of the test\n0123456789abcdef\n");
  await Deno.writeTextFile(`${folder}/key`, "0f".repeat(32));
  await Deno.mkdir(`${folder}/page`);
  await Deno.writeTextFile(`${folder}/page/index.html`, "<h1>page</h1>");
  const options = ["--port", "0", "--device", "wasm", "--api-keys", `${folder}/keys`];
  options.push("--gallery", `${folder}/people`, "--create", "--key-file", `${folder}/key`);
  const server = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-lock", CLI, "serve", ...options, "--page", `${folder}/page`],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines = server.stdout.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  const said = (await lines.next()).value ?? "";
  const [base] = said.match(/http:\/\/127\.0\.0\.1:\d+/) ?? [""];
  const headers = { "x-api-key": "0123456789abcdef" };
  const post = async (path: string, fields: Record<string, string>): Promise<Response> =>
    await fetch(`${base}${path}`, { method: "POST", headers, body: await form(fields) });

  assertEquals((await (await fetch(`${base}/v1/verify`, { method: "POST" })).json()).status, 401);
  assertEquals(await (await fetch(`${base}/`)).text(), "<h1>page</h1>");
  const enrolled = await post("/v1/enrol", { identity: "Collins", photo: "@collins" });
  assertEquals([enrolled.status, (await enrolled.json()).kind], [201, "enrolled"]);

  const last = post("/v1/identify", { photo: "@collins_crop" });
  // Requests go on connections of their own: only the server knows when the last one has arrived.
  const admitted = async (): Promise<boolean> =>
    / [1-9]\d*$/m.test(
      (await (await fetch(`${base}/metrics`, { headers })).text())
        .split("\n").filter((line) => line.startsWith("maskinv_admitted_requests ")).join("\n"),
    );
  let answered = false;
  const seen = last.finally(() => answered = true);
  while (!answered && !await admitted()) await new Promise((done) => setTimeout(done, 2));
  server.kill("SIGTERM");
  assertEquals((await (await seen).json()).kind, "identified");
  const { code } = await server.status;
  assertEquals(code, 0);
  assertStringIncludes(await new Response(server.stderr).text(), "when the requests under way");
  await lines.return?.();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("serve refuses what cannot be served, before models are loaded", async () => {
  const cases: [string[], string][] = [
    [["--port", "70000"], "--port is 70000"],
    [["--api-keys", "/nowhere/keys"], "API keys of /nowhere/keys"],
    [["--page", "/nowhere"], "the folder /nowhere"],
    [["photo.jpg"], "Cannot serve 1 operand:"],
  ];
  for (const [args, message] of cases) {
    const err: string[] = [];
    const terminal = {
      out: () => {},
      err: (line: string) => err.push(line),
      progress: () => {},
      colors: false,
    };
    assertEquals(await main(["serve", ...args], terminal), 2);
    assertStringIncludes(err.join("\n"), message);
  }
});
