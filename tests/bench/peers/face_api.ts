// @vladmandic/face-api: SSD MobileNet v1, 68 landmarks, its recognition network and Euclidean distance, on tfjs's wasm
// backend; its models as the npm package ships them.

import { answer, folderOf, load, mostCentral, type Peer, pixelsOf } from "./child.ts";

const modules = `${folderOf("face-api")}/node_modules`;

async function start(): Promise<Peer> {
  const sharp = load("face-api", "sharp");
  const wasm = load("face-api", "@tensorflow/tfjs-backend-wasm");
  const faceapi = load("face-api", "@vladmandic/face-api/dist/face-api.node-wasm.js");
  wasm.setWasmPaths(`${modules}/@tensorflow/tfjs-backend-wasm/dist/`);
  await faceapi.tf.setBackend("wasm");
  await faceapi.tf.ready();
  const { ssdMobilenetv1, faceLandmark68Net, faceRecognitionNet } = faceapi.nets;
  for (const net of [ssdMobilenetv1, faceLandmark68Net, faceRecognitionNet]) {
    await net.loadFromDisk(`${modules}/@vladmandic/face-api/model`);
  }
  // As in its own demos: with the default of 0.5 it misses two of three of LFW's tightly cropped photos.
  const options = new faceapi.SsdMobilenetv1Options({ minConfidence: 0.1 });

  async function template(photo: string): Promise<Float32Array | undefined> {
    const pixels = await pixelsOf(sharp, photo);
    const shape = [pixels.height, pixels.width, 3];
    const tensor = faceapi.tf.tensor3d(new Uint8Array(pixels.data), shape, "int32");
    const faces = await faceapi.detectAllFaces(tensor, options).withFaceLandmarks()
      .withFaceDescriptors();
    faceapi.tf.dispose(tensor);
    // deno-lint-ignore no-explicit-any
    const found = mostCentral(faces, ({ detection: { box } }: any) => [
      box.x,
      box.y,
      box.width,
      box.height,
    ], pixels);
    return found?.descriptor;
  }
  return {
    template,
    async verify(probe, reference): Promise<number> {
      const a = await template(probe), b = await template(reference);
      return a && b ? -faceapi.euclideanDistance(a, b) : -2;
    },
  };
}

await answer(start);
