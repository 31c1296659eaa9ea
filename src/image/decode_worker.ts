// Decodes pictures beside the thread that runs the networks. Started by decode_pool.ts.

import { decodeImage } from "./decode.ts";
import type { DecodeAnswer, DecodeRequest } from "./decode_pool.ts";

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<DecodeRequest>) => void;
  postMessage(answer: DecodeAnswer, transfer: Transferable[]): void;
};

scope.onmessage = async ({ data: { id, bytes, options } }) => {
  try {
    const image = await decodeImage(bytes, options);
    scope.postMessage({ id, image }, [image.data.buffer as ArrayBuffer]);
  } catch {
    // The caller decodes it again, and so meets the error itself.
    scope.postMessage({ id }, []);
  }
};
