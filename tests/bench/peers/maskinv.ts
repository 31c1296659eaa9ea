// maskinv as a user has it. With the configuration that install.ts writes it runs on onnxruntime-node instead of
// onnxruntime-web, which gives the same templates sooner.

import { createVerifier } from "../../../mod.ts";
import { answer } from "./child.ts";

await answer(async () => {
  const verifier = await createVerifier({ device: "wasm", face: "centred" });
  return {
    async template(photo): Promise<Float32Array | undefined> {
      const result = await verifier.embed(photo);
      return result.kind === "acquired" ? result.template.embedding : undefined;
    },
    async verify(probe, reference): Promise<number> {
      const result = await verifier.verify(probe, reference);
      return result.kind === "compared" ? result.score : -1;
    },
  };
});
