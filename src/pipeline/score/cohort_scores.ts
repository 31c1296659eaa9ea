// Scores of templates with a cohort on the device where the templates are, so that nothing but the scores is read back.

import type { Backend, Block } from "../../kernels/mod.ts";
import type { Cohort } from "../../model/cohort.ts";

/** A cohort on devices: its rows go to each once. */
export class CohortScores {
  readonly cohort: Cohort;
  /** A device that was lost takes its rows with it. */
  readonly #rows = new WeakMap<Backend, Block>();

  constructor(cohort: Cohort) {
    this.cohort = cohort;
  }

  /** The cosines of embeddings, `[n, size]` of length 1, with all rows of the cohort. */
  async of(backend: Backend, embeddings: Block): Promise<Block> {
    let rows = this.#rows.get(backend);
    if (!rows) {
      const { size } = this.cohort;
      rows = backend.write(this.cohort.rows, [this.cohort.rows.length / size, size]);
      this.#rows.set(backend, rows);
    }
    return await backend.cosineMatrix(embeddings, rows);
  }
}
