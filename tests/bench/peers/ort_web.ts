// Bare onnxruntime-web (wasm, as many threads as maskinv takes) with sharp.

import { answerBare } from "./bare.ts";

await answerBare("onnxruntime-web", "onnxruntime-web");
