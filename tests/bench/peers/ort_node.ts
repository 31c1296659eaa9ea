// Bare onnxruntime-node (native code) with sharp.

import { answerBare } from "./bare.ts";

await answerBare("onnxruntime-node", "onnxruntime-node");
