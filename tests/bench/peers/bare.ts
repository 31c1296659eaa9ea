// The runtimes alone on maskinv's models, with sharp for decoding and cutting: what a verify costs at least. Where the
// face is, is not asked: the crops are the middle of the photo, so that there are times here and no accuracy.

import { answer, load, type Peer } from "./child.ts";

/** The networks of one photo, in maskinv's order. */
const NETWORKS = ["yunet", "student"] as const;

/** Answers with a runtime: `onnxruntime-web` on wasm, or `onnxruntime-node`. */
export function answerBare(peer: string, runtime: string): Promise<never> {
  return answer(async (): Promise<Peer> => {
    const sharp = load(peer, "sharp"), ort = load(peer, runtime);
    ort.env.logLevel = "error";
    if (runtime === "onnxruntime-web") {
      ort.env.wasm.numThreads = Math.max(1, Math.min(4, navigator.hardwareConcurrency));
    }
    const folder = new URL("../../../models/", import.meta.url);
    const { models } = JSON.parse(await Deno.readTextFile(new URL("manifest.json", folder)));
    const networks = new Map();
    for (const name of NETWORKS) {
      const { file, input, outputs } = models[name];
      const bytes = await Deno.readFile(new URL(file, folder));
      networks.set(name, { session: await ort.InferenceSession.create(bytes), input, outputs });
    }

    async function template(photo: string): Promise<Float32Array> {
      const { data, info } = await sharp(photo).removeAlpha().raw()
        .toBuffer({ resolveWithObject: true });
      const raw = { raw: { width: info.width, height: info.height, channels: 3 } };
      const side = Math.floor(Math.min(info.width, info.height) / 2);
      const middle = {
        left: (info.width - side) >> 1,
        top: (info.height - side) >> 1,
        width: side,
        height: side,
      };
      let embedding = new Float32Array(0);
      for (const name of NETWORKS) {
        const { session, input: { name: inputName, size, color, mean, scale }, outputs } = networks
          .get(name);
        const whole = name === "yunet";
        const cut: Uint8Array = whole
          ? await sharp(data, raw).resize(size, size, { fit: "contain" }).toBuffer()
          : await sharp(data, raw).extract(middle).resize(size, size).toBuffer();
        const plane = size * size, values = new Float32Array(3 * plane);
        for (let channel = 0; channel < 3; channel++) {
          const from = color === "BGR" ? 2 - channel : channel;
          for (let i = 0; i < plane; i++) {
            values[channel * plane + i] = (cut[3 * i + from] - mean[channel]) / scale[channel];
          }
        }
        const input = new ort.Tensor("float32", values, [1, 3, size, size]);
        const results = await session.run({ [inputName]: input }, outputs);
        if (name === "student") embedding = results[outputs[0]].data;
      }
      return embedding;
    }
    return {
      async verify(probe, reference): Promise<number> {
        const a = await template(probe), b = await template(reference);
        return a.reduce((sum, value, i) => sum + value * b[i], 0);
      },
    };
  });
}
