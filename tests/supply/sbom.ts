// The bill of materials of maskinv, as CycloneDX 1.6 JSON: npm packages from tests/deno.lock, models from models/manifest.json.
//   deno task sbom      # writes out/sbom.cdx.json
// The same lockfile and manifest give the same file, so that two releases can be compared.

import { importedPackages } from "./packages.ts";

/** What is used of tests/deno.lock, which has all packages: those of the project and those of its tests. */
interface Lockfile {
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly integrity: string;
  readonly dependencies?: readonly string[];
  readonly optionalDependencies?: readonly string[];
}

/** One component of the bill. */
export interface Component {
  readonly type: string;
  readonly "bom-ref": string;
  readonly name: string;
  readonly [property: string]: unknown;
}

/** The bill. */
export interface Bill {
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
  readonly [property: string]: unknown;
}

const root = new URL("../../", import.meta.url);
const readJson = async (name: string): Promise<unknown> =>
  JSON.parse(await Deno.readTextFile(new URL(name, root)));

/** Makes the bill. */
export async function makeBill(): Promise<Bill> {
  const { name, version, license } = await readJson("deno.json") as Record<string, string>;
  const lock = await readJson("tests/deno.lock") as Lockfile;
  const { models } = await readJson("models/manifest.json") as {
    models: Record<string, Record<string, string>>;
  };
  const keys = Object.keys(lock.npm);
  const direct = new Map(
    Object.entries(lock.specifiers).map(([specifier, resolved]) => {
      const package_ = specifier.replace(/^npm:/, "").replace(/@[^@/]+$/, "");
      return [package_, `${package_}@${resolved}`];
    }),
  );
  const used = await importedPackages();
  const needed = closure(
    lock,
    [...direct].filter(([name]) => used.has(name)).map(([, key]) => key),
  );
  const self = `${name}@${version}`;
  const files = Object.values(models);
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "library",
        "bom-ref": self,
        name,
        version,
        licenses: [{ license: { id: license } }],
      },
    },
    components: [
      ...keys.map((key) => packageComponent(key, lock.npm[key], needed.has(key))),
      ...files.map(modelComponent),
    ],
    dependencies: [
      {
        ref: self,
        dependsOn: [...direct.values(), ...files.map(({ file }) => `models/${file}`)].sort(),
      },
      ...keys.map((key) => ({ ref: key, dependsOn: resolved(lock, lock.npm[key]) })),
    ],
  };
}

/** A package; `excluded` are those that only tests and benchmarks import. */
function packageComponent(key: string, { integrity }: LockedPackage, needed: boolean): Component {
  const [, group, name, version] = key.match(/^(?:(@[^/]+)\/)?([^@]+)@([^_]+)/)!;
  const [algorithm, digest] = integrity.split("-");
  return {
    type: "library",
    "bom-ref": key,
    ...(group && { group }),
    name,
    version,
    purl: `pkg:npm/${group ? `${encodeURIComponent(group)}/` : ""}${name}@${version}`,
    scope: needed ? "required" : "excluded",
    hashes: [{
      alg: algorithm.replace(/^sha/, "SHA-"),
      content: Uint8Array.fromBase64(digest).toHex(),
    }],
  };
}

function modelComponent({ file, sha256, origin, license }: Record<string, string>): Component {
  return {
    type: "machine-learning-model",
    "bom-ref": `models/${file}`,
    name: file,
    description: origin,
    licenses: [{ license: { name: license } }],
    hashes: [{ alg: "SHA-256", content: sha256 }],
  };
}

/** The packages that some need, with all that these need. */
function closure(lock: Lockfile, from: readonly string[]): Set<string> {
  const found = new Set<string>();
  for (const open = [...from]; open.length > 0;) {
    const key = open.pop()!;
    if (found.has(key)) continue;
    found.add(key);
    open.push(...resolved(lock, lock.npm[key]));
  }
  return found;
}

/** What a package depends on, as keys of the lockfile: it leaves out versions where there is one only. */
function resolved(lock: Lockfile, { dependencies, optionalDependencies }: LockedPackage): string[] {
  const keys = Object.keys(lock.npm);
  return [...dependencies ?? [], ...optionalDependencies ?? []].map((wanted) => {
    const key = keys.find((key) => key === wanted || key.startsWith(`${wanted}_`)) ??
      keys.find((key) => key.startsWith(`${wanted}@`));
    if (!key) throw new Error(`tests/deno.lock does not say which ${wanted} is meant`);
    return key;
  }).sort();
}

if (import.meta.main) {
  await Deno.mkdir(new URL("out/", root), { recursive: true });
  const text = JSON.stringify(await makeBill(), null, 2);
  await Deno.writeTextFile(new URL("out/sbom.cdx.json", root), `${text}\n`);
}
