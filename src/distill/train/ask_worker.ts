// One question to a worker and its answer: what the pools of gradients and of samplers share.

import { DeviceError } from "../../base/errors.ts";

/** Sends a message and waits for the answer; `what` is the worker's name in the error if it stops. */
export function askWorker<To, From extends { readonly kind: string }>(
  worker: Worker,
  message: To,
  what: string,
): Promise<From> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void =>
      reject(new DeviceError(`${what} stopped: ${why}. Go on with --resume`));
    worker.onmessage = ({ data }: MessageEvent<From>) =>
      data.kind === "error"
        ? fail((data as unknown as { message: string }).message)
        : resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      fail(event.message);
    };
    worker.postMessage(message);
  });
}
