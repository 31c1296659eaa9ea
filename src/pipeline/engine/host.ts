// Keeps a backend and its networks alive: starts them, loads networks when first needed, and starts anew when the
// GPU device is lost, so that callers never see a loss that a second try can mend.

import { unlessAborted } from "../../base/abort.ts";
import { DeviceLostError, DisposedError } from "../../base/errors.ts";
import { type Backend, createBackend, type Engine } from "../../kernels/mod.ts";
import type { LoadedModel, ModelStore } from "../../model/model.ts";
import type { Network } from "../../runtime/network.ts";
import type { OrtOptions } from "../../runtime/ort.ts";
import { type DeviceChoice, startRuntime } from "../../runtime/start.ts";
import { abortable } from "./abortable.ts";

/** How often one call may start over on a new device. */
const MAX_RESTARTS = 3;

/** Owns the engine of a verifier. */
export class EngineHost implements AsyncDisposable {
  readonly #choice: DeviceChoice;
  readonly #options: OrtOptions;
  readonly #store: ModelStore;
  readonly #models = new Map<string, Promise<LoadedModel>>();
  readonly #running = new Set<Promise<unknown>>();
  #engine: Promise<OwnedEngine> | undefined;
  #disposed = false;

  constructor(choice: DeviceChoice, store: ModelStore, options: OrtOptions) {
    this.#choice = choice;
    this.#store = store;
    this.#options = options;
  }

  /**
   * Makes disposal wait for a call, from its first step on; a call after disposal is refused. The caller is answered
   * as soon as the signal is aborted, while disposal waits for the end of what was begun.
   */
  async track<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#disposed) {
      throw new DisposedError("Cannot use this verifier as it was disposed of: create a new one");
    }
    signal?.throwIfAborted();
    const running = call().finally(() => this.#running.delete(running));
    this.#running.add(running);
    return await unlessAborted(running, signal);
  }

  /**
   * Runs a task on the engine, within `track`; a task that a device loss interrupts runs again on a new device, and one
   * whose signal is aborted ends at its next step.
   */
  async use<T>(task: (engine: Engine) => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (let restarts = 0;; restarts++) {
      signal?.throwIfAborted();
      const started = this.#engine ??= this.#start();
      let engine: OwnedEngine;
      try {
        engine = await started;
      } catch (error) {
        // A start that failed must not be remembered: the next call tries again.
        if (this.#engine === started) this.#engine = undefined;
        if (!(error instanceof DeviceLostError) || restarts === MAX_RESTARTS) throw error;
        continue;
      }
      try {
        return await task(abortable(engine, signal));
      } catch (error) {
        // Of calls that overlap on a lost device, the first to notice retires the engine under the others.
        const interrupted = error instanceof DeviceLostError || this.#engine !== started;
        if (!interrupted || restarts === MAX_RESTARTS) throw error;
        if (this.#engine === started) {
          this.#engine = undefined;
          await engine[Symbol.asyncDispose]();
        }
      }
    }
  }

  async #start(): Promise<OwnedEngine> {
    const backend = await createBackend(await startRuntime(this.#choice, this.#options));
    return new OwnedEngine(backend, (name) => this.#model(name));
  }

  #model(name: string): Promise<LoadedModel> {
    let model = this.#models.get(name);
    if (!model) {
      model = this.#store.load(name);
      this.#models.set(name, model);
      model.catch(() => this.#models.delete(name));
    }
    return model;
  }

  /** Reads a model file ahead of the engine's start. */
  preload(name: string): Promise<LoadedModel> {
    return this.#model(name);
  }

  /** Waits for the calls that are under way, then frees sessions and buffers. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await Promise.allSettled(this.#running);
    const engine = this.#engine;
    this.#engine = undefined;
    if (engine) await (await engine)[Symbol.asyncDispose]();
  }
}

class OwnedEngine implements Engine, AsyncDisposable {
  readonly backend: Backend;
  readonly #load: (name: string) => Promise<LoadedModel>;
  readonly #networks = new Map<string, Promise<Network>>();

  constructor(backend: Backend, load: (name: string) => Promise<LoadedModel>) {
    this.backend = backend;
    this.#load = load;
  }

  network(name: string): Promise<Network> {
    let network = this.#networks.get(name);
    if (!network) {
      network = this.#load(name).then((model) => this.backend.load(model));
      this.#networks.set(name, network);
      network.catch(() => this.#networks.delete(name));
    }
    return network;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const network of await Promise.allSettled(this.#networks.values())) {
      if (network.status === "fulfilled") await network.value[Symbol.asyncDispose]();
    }
    this.#networks.clear();
    await this.backend[Symbol.asyncDispose]();
  }
}
