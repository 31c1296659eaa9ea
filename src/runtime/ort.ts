// Imports onnxruntime-web: picks its entry once per device and keeps its runs from overlapping.
// Importing an entry costs 0.5 s (wasm) to 1.7 s (WebGPU), so that nothing is imported before the device is known.

import type { InferenceSession, Tensor } from "npm:onnxruntime-web@1.30.0";
import { lendWorker } from "./lend_worker.ts";

/** The part of onnxruntime-web that is used; both of its entries have it. */
export interface Ort {
  readonly InferenceSession: typeof InferenceSession;
  readonly Tensor: typeof Tensor;
}

/** How the wasm build may use the host. */
export interface OrtOptions {
  /** Threads of the wasm provider; by default one per core up to 4, and 1 where the host has no workers. */
  readonly threads?: number;
  /** The bytes of onnxruntime-web's wasm file, for hosts that may not read it. */
  readonly wasmBinary?: ArrayBuffer;
  /**
   * Whether runs on a GPU that come again are recorded and replayed, which saves the host their uniforms and bind groups.
   * By default not: it was tried on software adapters alone.
   */
  readonly recordRuns?: boolean;
}

const loaded = new Map<"wasm" | "webgpu", Promise<Ort>>();

/** Imports the entry for a device. Options count at the first call of a process: the runtime starts only once. */
export function loadOrt(device: "wasm" | "webgpu", options: OrtOptions = {}): Promise<Ort> {
  let ort = loaded.get(device);
  if (!ort) {
    ort = importOrt(device, options);
    loaded.set(device, ort);
    ort.catch(() => loaded.delete(device));
  }
  return ort;
}

async function importOrt(device: "wasm" | "webgpu", options: OrtOptions): Promise<Ort> {
  const ort = device === "webgpu"
    ? await withUsableOrigin(() => import("npm:onnxruntime-web@1.30.0/webgpu"))
    : await import("npm:onnxruntime-web@1.30.0");
  ort.env.logLevel = "error";
  // The WebGPU entry starts its threads from blob: URLs, which Deno refuses; its work is on the GPU anyway.
  ort.env.wasm.numThreads = device === "webgpu" ? 1 : options.threads ?? defaultThreads();
  if (options.wasmBinary) ort.env.wasm.wasmBinary = options.wasmBinary;
  return ort;
}

/**
 * Deno's workers have the origin "null", which onnxruntime-web's WebGPU entry takes for the base of its URLs as it loads,
 * and fails. While it loads, such a worker's `location` is without one.
 */
async function withUsableOrigin<T>(load: () => Promise<T>): Promise<T> {
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, "location");
  if (!descriptor?.configurable || globalThis.location?.origin !== "null") return await load();
  const { href } = globalThis.location;
  Object.defineProperty(globalThis, "location", { value: { href }, configurable: true });
  try {
    return await load();
  } finally {
    Object.defineProperty(globalThis, "location", descriptor);
  }
}

function defaultThreads(): number {
  // A page shares memory between threads only when it is cross-origin isolated; Deno and Node always may.
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated;
  const page = "document" in globalThis;
  if (typeof Worker === "undefined" || (page && !isolated)) return 1;
  return Math.max(1, Math.min(4, navigator.hardwareConcurrency));
}

/** Makes a session, for which the wasm build starts its threads, and leaves the host its `Worker`. */
export async function createSession(
  { InferenceSession }: Pick<Ort, "InferenceSession">,
  model: Uint8Array,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  try {
    return await lendWorker(() => InferenceSession.create(model, options));
  } catch (error) {
    await endCreation(InferenceSession);
    throw error;
  }
}

/** A network that gives its only number back. */
const IDENTITY =
  "CAgSADo3ChAKAXgSAXkiCElkZW50aXR5EgFnWg8KAXgSCgoICAESBAoCCAFiDwoBeRIKCggIARIECgIIAUIECgAQDQ==";

/**
 * A device that is lost while a session is made has onnxruntime 1.30 believe for ever that the session is still being
 * made, and refuse all others. Any session that is made without a GPU has it forget that.
 */
async function endCreation(sessions: Ort["InferenceSession"]): Promise<void> {
  const bytes = Uint8Array.from(atob(IDENTITY), (character) => character.charCodeAt(0));
  try {
    const session = await sessions.create(bytes, { executionProviders: ["wasm"] });
    await session.release();
  } catch {
    // What went wrong first is what is told.
  }
}

let tail: Promise<unknown> = Promise.resolve();

/**
 * Runs a task after all tasks given before it. The WebGPU provider crashes or hangs when two runs overlap, even of
 * different sessions, so that the whole process shares this one line.
 */
export function inTurn<T>(task: () => Promise<T>): Promise<T> {
  const result = tail.then(task);
  tail = result.catch(() => {});
  return result;
}
