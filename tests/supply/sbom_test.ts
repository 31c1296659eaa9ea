import { assertEquals } from "@std/assert";
import { type Component, makeBill } from "./sbom.ts";

const bill = await makeBill();
const root = new URL("../../", import.meta.url);
const scopeOf = (name: string): unknown =>
  bill.components.find((component) => nameOf(component) === name)?.scope;
const nameOf = ({ group, name }: Component): string => group ? `${group}/${name}` : name;

Deno.test("the bill has every locked package once, with the hash that npm gives for it", async () => {
  const { npm } = JSON.parse(await Deno.readTextFile(new URL("tests/deno.lock", root)));
  const packages = bill.components.filter(({ type }) => type === "library");
  assertEquals(packages.map((component) => component["bom-ref"]), Object.keys(npm));
  for (const { purl, hashes } of packages) {
    assertEquals(/^pkg:npm\/(%40[^/]+\/)?[^@/]+@\d[^@/]*$/.test(String(purl)), true, String(purl));
    const [{ alg, content }] = hashes as { alg: string; content: string }[];
    assertEquals([alg, content.length], ["SHA-512", 128]);
  }
});

Deno.test("every reference of the bill leads to a component, and all are reached", () => {
  const refs = new Set(bill.components.map((component) => component["bom-ref"]));
  const targets = new Set(bill.dependencies.flatMap(({ dependsOn }) => dependsOn));
  assertEquals([...targets].filter((ref) => !refs.has(ref)), []);
  assertEquals([...refs].filter((ref) => !targets.has(ref)), []);
});

Deno.test("what only tests import is excluded; what those who use maskinv get is not", () => {
  for (const name of ["fast-check", "playwright-core", "@electric-sql/pglite", "pure-rand"]) {
    assertEquals([name, scopeOf(name)], [name, "excluded"]);
  }
  // The last one is no import of ours, but one of onnxruntime-web.
  for (const name of ["onnxruntime-web", "@jsquash/jpeg", "hono", "onnxruntime-common"]) {
    assertEquals([name, scopeOf(name)], [name, "required"]);
  }
});

Deno.test("the models of the bill are the files of models/, by their hashes", async () => {
  const models = bill.components.filter(({ type }) => type === "machine-learning-model");
  const files = (await Array.fromAsync(Deno.readDir(new URL("models/", root))))
    .map(({ name }) => name).filter((name) => name.endsWith(".onnx"));
  assertEquals(models.map(({ name }) => name).sort(), files.sort());
  for (const { name, hashes } of models) {
    const bytes = await Deno.readFile(new URL(`models/${name}`, root));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    assertEquals(hashes, [{ alg: "SHA-256", content: digest }]);
  }
});
