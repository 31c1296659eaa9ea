// Installs the peers from npm, each into a folder of its own outside the project, and says how much they take.
// Their install scripts do not run: sharp and onnxruntime-node bring their native code in the packages.

import { importedPackages } from "../../supply/packages.ts";

/** A peer: its folder, the script that runs it, and what it takes from npm. */
export interface PeerSpec {
  readonly name: string;
  readonly script: string;
  readonly packages: readonly string[];
  /** Whether it has a pipeline of its own, from photo to template, whose accuracy can be measured. */
  readonly accuracy: boolean;
  /** How templates compare: both are computed by the benchmark, in the peer's own terms. */
  readonly compare?: "cosine" | "euclidean";
  /** What the table calls it. */
  readonly title: string;
}

const TFJS = ["@tensorflow/tfjs@4.22.0", "@tensorflow/tfjs-backend-wasm@4.22.0"];
const SHARP = "sharp@0.35.5";

/** The peers, maskinv first. */
export const PEERS: readonly PeerSpec[] = [
  {
    name: "maskinv",
    title: "maskinv",
    script: "maskinv.ts",
    packages: [],
    accuracy: true,
    compare: "cosine",
  },
  {
    name: "maskinv-native",
    title: "maskinv, onnxruntime-node in the place of onnxruntime-web",
    script: "maskinv.ts",
    packages: ["onnxruntime-node@1.30.0"],
    accuracy: false,
  },
  {
    name: "onnxruntime-web",
    title: "bare onnxruntime-web + sharp, maskinv's models",
    script: "ort_web.ts",
    packages: ["onnxruntime-web@1.30.0", SHARP],
    accuracy: false,
  },
  {
    name: "onnxruntime-node",
    title: "bare onnxruntime-node + sharp, maskinv's models",
    script: "ort_node.ts",
    packages: ["onnxruntime-node@1.30.0", SHARP],
    accuracy: false,
  },
  {
    name: "human",
    title: "@vladmandic/human 3.3.6",
    script: "human.ts",
    packages: ["@vladmandic/human@3.3.6", ...TFJS, SHARP],
    accuracy: true,
    compare: "euclidean",
  },
  {
    name: "face-api",
    title: "@vladmandic/face-api 1.7.15",
    script: "face_api.ts",
    packages: ["@vladmandic/face-api@1.7.15", ...TFJS, SHARP],
    accuracy: true,
    compare: "euclidean",
  },
];

const root = decodeURIComponent(new URL("../../../", import.meta.url).pathname);

/** Makes the folder of a peer, if it is not there; gives the arguments that `deno run` takes before its script. */
export async function install(peer: PeerSpec, cache: string): Promise<string[]> {
  const folder = `${cache}/${peer.name}`;
  await Deno.mkdir(folder, { recursive: true });
  const packages = peer.name === "maskinv" ? await packagesOfMaskinv() : peer.packages;
  const wanted = JSON.stringify(packages);
  if (await Deno.readTextFile(`${folder}/installed.json`).catch(() => "") !== wanted) {
    await Deno.writeTextFile(`${folder}/package.json`, '{"private":true}');
    const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
    await command("npm", ["install", ...flags, "--prefix", folder, ...packages]);
    await Deno.writeTextFile(`${folder}/installed.json`, wanted);
  }
  if (peer.name !== "maskinv-native") return [];
  const config = `${folder}/deno.native.json`;
  await Deno.writeTextFile(config, JSON.stringify(await nativeConfig()));
  return ["--config", config];
}

/** MB on disk: the packages with all that they need and, for maskinv, the files that it publishes. */
export async function installedSize(peer: PeerSpec, cache: string): Promise<number> {
  const folder = peer.name === "maskinv-native" ? "maskinv" : peer.name;
  const packages = await sizeOf(`${cache}/${folder}/node_modules`);
  const ours = peer.name.startsWith("maskinv") ? await publishedSize() : 0;
  const native = peer.name === "maskinv-native"
    ? await sizeOf(`${cache}/maskinv-native/node_modules`) -
      await sizeOf(`${cache}/maskinv/node_modules/onnxruntime-web`)
    : 0;
  return (packages + ours + native) / 2 ** 20;
}

async function sizeOf(folder: string): Promise<number> {
  return Number((await command("du", ["-sb", folder])).split("\t")[0]);
}

/** The project's configuration with onnxruntime-node's bindings in the place of onnxruntime-web. */
async function nativeConfig(): Promise<unknown> {
  const { imports, unstable } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  const entries = Object.entries(imports as Record<string, string>).map(([name, target]) => [
    name,
    target.replace(/^\.\//, `file://${root}`),
  ]);
  const native = { [imports["onnxruntime-web"]]: new URL("native_ort.ts", import.meta.url).href };
  return { imports: { ...Object.fromEntries(entries), ...native }, unstable, lock: false };
}

/** The npm packages that maskinv brings, in the versions of deno.json. */
async function packagesOfMaskinv(): Promise<string[]> {
  const { imports } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  const pinned = Object.values(imports as Record<string, string>).map((target) =>
    target.match(/^npm:(((?:@[^/]+\/)?[^@/]+)@[^/]+)/) ?? []
  );
  const used = await importedPackages();
  return [...new Set(pinned.filter(([, , name]) => used.has(name)).map(([, spec]) => spec))];
}

/** Bytes of the package, as `deno publish --dry-run` lists its files. */
async function publishedSize(): Promise<number> {
  const flags = ["--dry-run", "--allow-dirty", "--no-check"];
  const text = await command(Deno.execPath(), ["publish", ...flags], root);
  const files = [...text.matchAll(/^\s*(file:\/\/\S+)/gm)].map(([, url]) =>
    Deno.stat(new URL(url))
  );
  return (await Promise.all(files)).reduce((sum, { size }) => sum + size, 0);
}

async function command(name: string, args: string[], cwd?: string): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(name, {
    args,
    cwd,
    env: { NO_COLOR: "1" },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (code !== 0) throw new Error(`${name} ${args.join(" ")} ended with ${code}: ${err}`);
  return out + err;
}
