// @vladmandic/human with its own detector, mesh, descriptor and distance, its models as the npm package ships them, on
// tfjs's wasm backend. In Node.js and Deno that backend runs on one thread only, and libtensorflow is no npm package.

import { answer, folderOf, load, mostCentral, type Peer, pixelsOf } from "./child.ts";

const modules = `${folderOf("human")}/node_modules`;

async function start(): Promise<Peer> {
  const sharp = load("human", "sharp");
  // The package's list of exports does not name this build in a form that loaders take: by its path, then.
  const { Human } = load("human", `${modules}/@vladmandic/human/dist/human.node-wasm.js`);
  const off = { enabled: false }, on = { enabled: true };
  const human = new Human({
    backend: "wasm",
    wasmPath: `${modules}/@tensorflow/tfjs-backend-wasm/dist/`,
    modelBasePath: `file://${modules}/@vladmandic/human/models/`,
    cacheSensitivity: 0, // every photo is a new one
    filter: off,
    face: {
      enabled: true,
      detector: { rotation: true, maxDetected: 10 },
      mesh: on,
      description: on,
      iris: off,
      emotion: off,
      antispoof: off,
      liveness: off,
    },
    body: off,
    hand: off,
    object: off,
    gesture: off,
    segmentation: off,
  });
  await human.init();

  async function template(photo: string): Promise<number[] | undefined> {
    const pixels = await pixelsOf(sharp, photo);
    const shape = [pixels.height, pixels.width, 3];
    const tensor = human.tf.tensor3d(new Uint8Array(pixels.data), shape, "int32");
    const { face, error } = await human.detect(tensor);
    human.tf.dispose(tensor);
    if (error) throw new Error(error);
    // deno-lint-ignore no-explicit-any
    const faces = face.filter((found: any) => found.embedding?.length > 0);
    // deno-lint-ignore no-explicit-any
    return mostCentral(faces, (found: any) => found.box, pixels)?.embedding;
  }
  return {
    template,
    async verify(probe, reference): Promise<number> {
      const a = await template(probe), b = await template(reference);
      return a && b ? human.match.similarity(a, b) : -1;
    },
  };
}

await answer(start);
