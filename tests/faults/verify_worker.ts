// A verifier in a worker: told which device to use and two photos, it answers with the score, or what went wrong.

import { createVerifier } from "../../mod.ts";

/** What the worker is asked. */
export interface VerifyRequest {
  readonly device: "wasm" | "webgpu";
  readonly probe: string;
  readonly reference: string;
}

/** What it answers. */
export type VerifyAnswer = { readonly score: number; readonly device: string } | {
  readonly error: string;
};

const scope = self as unknown as {
  onmessage: (event: MessageEvent<VerifyRequest>) => void;
  postMessage(answer: VerifyAnswer): void;
};

async function verify({ device, probe, reference }: VerifyRequest): Promise<VerifyAnswer> {
  await using verifier = await createVerifier({ device });
  const result = await verifier.verify(probe, reference);
  if (result.kind !== "compared") return { error: result.kind };
  return { score: result.score, device: result.device };
}

scope.onmessage = ({ data }) =>
  void verify(data)
    .catch((error: Error) => ({ error: `${error.name}: ${error.message}` }))
    .then((answer) => scope.postMessage(answer));
