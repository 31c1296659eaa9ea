// Load on a server of its own: four clients send good and bad requests in turn for some minutes. Prints how many answers
// of each status there were, how long they took, and the server's memory minute by minute, which must end up flat: it
// rises and falls by some tens of MB between V8's collections, so that means are compared and not single looks.
//   deno run -A tests/bench/load.ts [minutes]
// deno-lint-ignore-file no-console

import { photo } from "../hosts.ts";

const [minutes = "1"] = Deno.args;
const CLIENTS = 4, QUEUE = 2;
const file = async (name: string): Promise<Blob> => new Blob([await Deno.readFile(photo(name))]);
const [collins, masked, hopper] = await Promise.all(
  ["collins", "collins_masked", "hopper"].map(file),
);

const server = new Deno.Command(Deno.execPath(), {
  args: ["run", "-A", "--no-lock", "cli.ts", "serve", "--port", "0", "--queue", `${QUEUE}`],
  cwd: new URL("../../", import.meta.url),
  stdout: "piped",
  stderr: "null",
}).spawn();
const lines = server.stdout.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
const [base] = ((await lines.next()).value ?? "").match(/http:\/\/[\d.:]+/)!;

/** What clients send, each with the statuses that are right for it beside 503, which a full queue answers. */
const REQUESTS: readonly (readonly [name: string, path: string, body: BodyInit, status: number])[] =
  [
    ["verify", "/v1/verify", form({ probe: collins, reference: masked }), 200],
    ["detect", "/v1/detect", form({ photo: hopper }), 200],
    ["no image", "/v1/detect", form({ photo: new Blob(["no image"]) }), 422],
    ["cut off", "/v1/verify", form({ probe: collins.slice(0, 9000), reference: masked }), 422],
    ["mask", "/v1/mask", form({ photo: collins, kind: "cloth" }), 200],
    ["no reference", "/v1/verify", form({ probe: collins }), 400],
    ["no JSON", "/v1/verify", new Blob(["{"], { type: "application/json" }), 400],
    ["wrong type", "/v1/detect", "hello", 415],
    ["too large", "/v1/detect", form({ photo: new Blob([new Uint8Array(17e6)]) }), 413],
    ["no gallery", "/v1/identify", form({ photo: collins }), 404],
  ];

const counts = new Map<string, number>(), times = new Map<string, number[]>();
const wrong: string[] = [];
for (const [, path, body] of REQUESTS) await (await ask(path, body)).bytes();
const start = Date.now(), end = start + Number(minutes) * 60_000;
const memory: number[][] = [];
await Promise.all([watch(), ...Array.from({ length: CLIENTS }, (_, i) => client(i))]);
server.kill("SIGTERM");
const { code } = await server.status;
await lines.return?.();

for (const [key, count] of [...counts].sort()) console.log(`${key.padEnd(20)} ${count}`);
for (const [name, all] of times) {
  all.sort((a, b) => a - b);
  const at = (part: number): string => all[Math.floor(part * (all.length - 1))].toFixed(0);
  console.log(`${name.padEnd(8)} p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, of ${all.length}`);
}
for (const [minute, looks] of memory.entries()) {
  const mean = looks.reduce((sum, look) => sum + look, 0) / looks.length;
  console.log(
    `minute ${minute + 1}: RSS mean ${mean.toFixed(0)} MB, ` +
      `${Math.min(...looks)} to ${Math.max(...looks)} MB`,
  );
}
console.log(
  `${wrong.length} wrong answers${wrong.slice(0, 5).map((text) => `\n  ${text}`).join("")}`,
);
console.log(`the server ended with code ${code}`);
Deno.exit(wrong.length > 0 || code !== 0 ? 1 : 0);

async function client(first: number): Promise<void> {
  for (let i = first * 3; Date.now() < end; i++) {
    const [name, path, body, status] = REQUESTS[i % REQUESTS.length];
    const begin = performance.now();
    const response = await ask(path, body);
    await response.bytes();
    const key = `${name} ${response.status}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    if (response.status === 200) {
      times.set(name, [...times.get(name) ?? [], performance.now() - begin]);
    } else if (response.status === 503) {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    if (response.status !== status && response.status !== 503) wrong.push(key);
  }
}

function ask(path: string, body: BodyInit): Promise<Response> {
  return fetch(`${base}${path}`, { method: "POST", body });
}

function form(fields: Record<string, string | Blob>): FormData {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value as string);
  return body;
}

/** Looks at the server's resident memory in MB, as its own metrics say, until the end. */
async function watch(): Promise<void> {
  while (Date.now() < end) {
    const text = await (await fetch(`${base}/metrics`)).text();
    const bytes = Number(text.match(/process_resident_memory_bytes (\d+)/)![1]);
    (memory[Math.floor((Date.now() - start) / 60_000)] ??= []).push(Math.round(bytes / 2 ** 20));
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}
