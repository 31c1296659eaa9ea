// Scores of templates with a cohort on the device where the templates are, so that nothing but the scores is read back.

import type { Backend, Block } from "../../kernels/mod.ts";
import type { Cohort } from "../../model/cohort.ts";
import { lastingBackend } from "../engine/abortable.ts";
import { normalizationsOf } from "./normalize.ts";
import type { Normalization } from "./template.ts";

/** A cohort on devices, or none: its rows go to each device once. */
export class CohortScores {
  readonly #cohort: Cohort | undefined;
  /** A device that was lost takes its rows with it. */
  readonly #rows = new WeakMap<Backend, Block>();

  constructor(cohort: Cohort | undefined) {
    this.#cohort = cohort;
  }

  /** Which scores decide, as `RuleOptions` has it. */
  get normalize(): "cohort" | "none" {
    return this.#cohort ? "cohort" : "none";
  }

  /**
   * The cosines of embeddings, `[n, size]` of length 1, with all rows of the cohort: a block that is freed with the stack,
   * or none without a cohort.
   */
  async of(backend: Backend, embeddings: Block, stack: DisposableStack): Promise<Block[]> {
    if (!this.#cohort) return [];
    const device = lastingBackend(backend);
    let rows = this.#rows.get(device);
    if (!rows) {
      const { size } = this.#cohort;
      rows = device.write(this.#cohort.rows, [this.#cohort.rows.length / size, size]);
      this.#rows.set(device, rows);
    }
    return [stack.use(await backend.cosineMatrix(embeddings, rows))];
  }

  /** Takes what was read of the block from the front of a list; none without a cohort. */
  take(read: Float32Array[]): Normalization[] {
    return this.#cohort ? normalizationsOf(read.shift()!, this.#cohort) : [];
  }
}
