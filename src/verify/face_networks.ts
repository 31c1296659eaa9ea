// The networks of a verifier at work on faces that were found: templates, or the score of two, and what is told beside.

import { DeviceError } from "../base/errors.ts";
import type { Block, Engine } from "../kernels/mod.ts";
import type { Cohort } from "../model/cohort.ts";
import type { ModelEntry } from "../model/manifest.ts";
import { MASK_STATE_MODEL } from "../pipeline/embed/mask_state.ts";
import { embedAligned } from "../pipeline/locate_and_embed.ts";
import { CohortScores } from "../pipeline/score/cohort_scores.ts";
import { normalizedScore } from "../pipeline/score/normalize.ts";
import { Template } from "../pipeline/score/template.ts";
import type { FaceInPhoto } from "./locate.ts";
import type { VerifierOptions } from "./options.ts";
import { type FaceBlocks, type FaceReading, readFaces } from "./read_faces.ts";

/** What stands beside the embedding network. */
export interface Beside {
  /** Whether the mask-state network is to be run. */
  readonly hasMaskState: boolean;
  /** What scores are normalised by; they are cosines without. */
  readonly cohort?: Cohort;
}

/** The score of two faces. */
export interface PairScore {
  /** The score that decides. */
  readonly score: number;
  readonly cosine: number;
  readonly readings: readonly FaceReading[];
}

/** The networks that a verifier gives faces to. */
export class FaceNetworks {
  readonly #entry: ModelEntry;
  readonly #hasMaskState: boolean;
  readonly #cohort: CohortScores;
  readonly #mirror: boolean;
  readonly #minSimilarity: number | undefined;

  constructor(entry: ModelEntry, { hasMaskState, cohort }: Beside, options: VerifierOptions) {
    this.#entry = entry;
    this.#hasMaskState = hasMaskState;
    this.#cohort = new CohortScores(cohort);
    this.#mirror = options.mirror ?? false;
    this.#minSimilarity = options.minSimilarity;
  }

  /** Which scores decide, as `RuleOptions` has it. */
  get normalize(): "cohort" | "none" {
    return this.#cohort.normalize;
  }

  /** The templates of faces, in their order. */
  async templates(
    engine: Engine,
    faces: readonly FaceInPhoto[],
  ): Promise<{ reading: FaceReading; template: Template }[]> {
    if (faces.length === 0) return [];
    using stack = new DisposableStack();
    const { embeddings, beside } = await this.#embed(engine, faces, stack);
    const nearest = await this.#cohort.of(engine.backend, embeddings, stack);
    const [values, ...more] = await engine.backend.read(embeddings, ...nearest, ...beside.blocks);
    finite(values.reduce((sum, value) => sum + value, 0), this.#entry);
    const normalizations = this.#cohort.take(more);
    const size = values.length / faces.length;
    const model = this.#entry.sha256 + (this.#mirror ? "+mirror" : "");
    return this.#read(faces, beside, more).map((reading, i) => {
      const embedding = values.subarray(i * size, (i + 1) * size);
      return { reading, template: new Template(embedding, model, normalizations[i]) };
    });
  }

  /** The score of two faces. */
  async score(engine: Engine, faces: readonly FaceInPhoto[]): Promise<PairScore> {
    const { backend } = engine;
    using stack = new DisposableStack();
    const { embeddings, beside } = await this.#embed(engine, faces, stack);
    // Both with both: the score off the diagonal is the one that is wanted, and only four numbers are read back.
    const scores = stack.use(await backend.cosineMatrix(embeddings, embeddings));
    const nearest = await this.#cohort.of(backend, embeddings, stack);
    const [[, both], ...more] = await backend.read(scores, ...nearest, ...beside.blocks);
    const cosine = Math.min(1, Math.max(-1, finite(both, this.#entry)));
    const [probe, reference] = this.#cohort.take(more);
    const score = probe ? normalizedScore(cosine, probe, reference) : cosine;
    return { score, cosine, readings: this.#read(faces, beside, more) };
  }

  /** Embeddings, and what else was made to be read together with them; all freed with the stack. */
  async #embed(
    engine: Engine,
    faces: readonly FaceInPhoto[],
    stack: DisposableStack,
  ): Promise<{ embeddings: Block; beside: FaceBlocks }> {
    const { embeddings, conditions, states } = await embedAligned(engine, faces, {
      network: this.#entry.name,
      mirrored: this.#mirror,
      state: this.#hasMaskState ? MASK_STATE_MODEL : undefined,
    }, stack);
    const kind = conditions ? "conditions" : states ? "states" : undefined;
    const blocks = [conditions, states].flatMap((block) => block ?? []);
    return { embeddings, beside: { kind, blocks } };
  }

  #read(
    faces: readonly FaceInPhoto[],
    { kind }: FaceBlocks,
    [values]: readonly Float32Array[],
  ): FaceReading[] {
    const { condition: limits } = this.#entry;
    const judged = limits && { ...limits, floor: this.#minSimilarity ?? limits.floor };
    return readFaces(faces, kind, values, judged);
  }
}

/** The network's number, or an error: a NaN would compare as "no match" without anybody noticing. */
function finite(value: number, { name }: ModelEntry): number {
  if (Number.isFinite(value)) return value;
  throw new DeviceError(
    `Cannot score as model "${name}" gave ${value}: check the model file, or pass device: "wasm"`,
  );
}
