// From photos and the masks planned for them to templates, for all models at once: a photo is decoded, its face found
// and its masks drawn once, and only the embedding is each model's own. The same verbs as src/verify, in larger batches.

import { alignFace, ARCFACE_SIZE } from "../../pipeline/align/arcface.ts";
import { cutPicture } from "../../pipeline/align/cut.ts";
import type { Affine } from "../../math/affine.ts";
import type { Engine, Photo } from "../../kernels/mod.ts";
import type { FaceChoice } from "../../pipeline/detect/choose.ts";
import type { Face, FaceWithMesh } from "../../pipeline/detect/face.ts";
import { embedAligned, locateAligned } from "../../pipeline/locate_and_embed.ts";
import { DeviceError } from "../../base/errors.ts";
import type { Image } from "../../image/image.ts";
import { drawLayers } from "../../mask/draw_layers.ts";
import type { MaskTexture } from "../../kernels/mask_overlay/layer.ts";
import {
  maskCrop,
  maskPhoto,
  padded,
  type PlannedPicture,
  shifted,
  squareMap,
} from "./apply_plan.ts";
import type { MaskPlan } from "./masks.ts";
import type { ModelSet, OpenModel } from "./models.ts";
import { NetworkClock } from "./stopwatch.ts";

/** How a template is made: of the face alone, or with its mirror image added. */
export type TemplateKind = "single" | "mirrored";

/** A photo and the states in which it is wanted. */
export interface EmbedJob {
  readonly image: Image;
  /** A mask for each state, or none. */
  readonly states: readonly (MaskPlan | undefined)[];
}

/** A photo in one state, embedded. */
export interface EmbeddedState {
  /** Whether a mask was planned that could not be applied. */
  readonly maskFailed: boolean;
  /** The templates of each model by kind; absent if no face was found. */
  readonly templates?: readonly Readonly<Partial<Record<TemplateKind, Float32Array>>>[];
}

/** What holds for all photos of a run. */
export interface EmbedderOptions {
  /** Whether the photos are aligned crops. */
  readonly aligned: boolean;
  /** The face that is meant. */
  readonly face: FaceChoice;
  /** The most faces to look at. */
  readonly maxFaces: number;
  readonly kinds: readonly TemplateKind[];
  /** The picture of the paper's mask, if plans ask for it. */
  readonly texture?: MaskTexture;
  /** Ends the work at its next step. */
  readonly signal?: AbortSignal;
}

/** A picture whose mask is drawn. */
type Drawn = Omit<PlannedPicture, "layers">;

/** A picture to embed: a photo with its face, or a crop that is a face already. */
interface Located {
  readonly image: Image;
  readonly maskFailed: boolean;
  /** Whether there is a face. */
  readonly acquired: boolean;
  /** Where it is; absent for aligned crops. */
  readonly face?: Face;
}

/** Embeds photos. */
export class SampleEmbedder {
  readonly #set: ModelSet;
  readonly #options: EmbedderOptions;
  readonly #clock = new NetworkClock();

  constructor(set: ModelSet, options: EmbedderOptions) {
    this.#set = set;
    this.#options = options;
  }

  /** Milliseconds in the networks so far. */
  get networkTime(): number {
    return this.#clock.spent;
  }

  /** The device that computes. */
  device(): Promise<"webgpu" | "wasm"> {
    return this.#use((engine) => Promise.resolve(engine.backend.device));
  }

  /** Embeds each photo in each of its states. */
  embed(jobs: readonly EmbedJob[]): Promise<EmbeddedState[][]> {
    return this.#use(async (engine) => {
      const located = await this.#locateAll(engine, jobs);
      const found = located.flat().filter((state) => state.acquired);
      const templates = await this.#embedFound(engine, found);
      return located.map((states) =>
        states.map(({ maskFailed, acquired }) => ({
          maskFailed,
          ...(acquired && { templates: templates.shift()! }),
        }))
      );
    });
  }

  /** Pictures for people: each state's face with some room around it. */
  portraits(jobs: readonly EmbedJob[], size: number): Promise<(Image | undefined)[][]> {
    return this.#use(async (engine) => {
      const room = squareMap(size, 1.5 * size), shift = -0.25 * size;
      return (await this.#locateAll(engine, jobs)).map((states) =>
        states.map((state) => {
          if (!state.acquired) return undefined;
          const [a, b, c, d, e, f] = cropOf(state, size), [step, , offset] = room;
          const move = offset + shift;
          return cutPicture(
            state.image,
            [a * step, b * step, c + (a + b) * move, d * step, e * step, f + (d + e) * move],
            size,
          );
        })
      );
    });
  }

  #use<T>(task: (engine: Engine) => Promise<T>): Promise<T> {
    const { host } = this.#set, { signal } = this.#options;
    return host.track(
      () => host.use((engine) => task(this.#clock.watch(engine)), signal),
      signal,
    );
  }

  async #locateAll(engine: Engine, jobs: readonly EmbedJob[]): Promise<Located[][]> {
    const { aligned, texture } = this.#options;
    // A crop needs its mesh only where one of our masks is to be fitted to it.
    const wanted = jobs.map(({ states }) =>
      !aligned || states.some((plan) => plan?.style === "ours")
    );
    const rooms = jobs.map(({ image }) => aligned ? padded(image) : { image, x: 0, y: 0 });
    // A mesh takes a network of its own, and is there for fitting masks only.
    const meshed = jobs.some(({ states }) => states.some((plan) => plan?.style === "ours"));
    const found = await this.#faces(
      engine,
      rooms.filter((_, i) => wanted[i]).map(({ image }) => image),
      meshed,
    );
    const faces = wanted.map((want, i) => {
      const face = want ? found.shift() : undefined;
      return face && shifted(face, -rooms[i].x, -rooms[i].y);
    });
    const planned = jobs.map(({ image, states }, i) =>
      states.map((plan) => plan && (aligned ? maskCrop : maskPhoto)(image, faces[i], plan, texture))
    );
    const masked = await drawn(engine, planned);
    const again = masked.flat().filter((state): state is Drawn => !!state && !state.aligned);
    const foundAgain = await this.#faces(engine, again.map(({ image }) => image), false);
    return jobs.map(({ image, states }, i) =>
      states.map((plan, j): Located => {
        const picture = masked[i][j];
        if (!picture) return { ...place({ image, aligned }, faces[i]), maskFailed: !!plan };
        const face = picture.aligned ? undefined : foundAgain.shift();
        return { ...place(picture, face), maskFailed: false };
      })
    );
  }

  /** The face that is meant in each photo, with its mesh where that is asked for and can be believed. */
  async #faces(
    engine: Engine,
    images: readonly Image[],
    meshed: boolean,
  ): Promise<(Face | FaceWithMesh | undefined)[]> {
    if (images.length === 0) return [];
    using stack = new DisposableStack();
    const photos = images.map((image) => stack.use(engine.backend.upload(image)));
    const { face, maxFaces } = this.#options;
    const options = { face, maxFaces, mesh: meshed, size: ARCFACE_SIZE };
    const located = await locateAligned(engine, photos, options);
    return located.map((found) => found.kind === "face" ? found.face : undefined);
  }

  async #embedFound(
    engine: Engine,
    found: readonly Located[],
  ): Promise<Partial<Record<TemplateKind, Float32Array>>[][]> {
    using stack = new DisposableStack();
    const uploaded = new Map<Image, Photo>();
    for (const { image } of found) {
      if (!uploaded.has(image)) uploaded.set(image, stack.use(engine.backend.upload(image)));
    }
    const photos = found.map((state) => ({ ...state, photo: uploaded.get(state.image)! }));
    const rows: Partial<Record<TemplateKind, Float32Array>>[][] = found.map(() => []);
    for (const model of this.#set.models) {
      const made = found.map((): Partial<Record<TemplateKind, Float32Array>> => ({}));
      for (const kind of this.#options.kinds) {
        const embedded = await this.#embedWith(engine, model, kind, photos);
        embedded.forEach((row, i) => made[i][kind] = row);
      }
      made.forEach((kinds, i) => rows[i].push(kinds));
    }
    return rows;
  }

  /** Embeds faces of photos as the verifier does, and aligned crops as they are. */
  async #embedWith(
    engine: Engine,
    { network: name, label, dim }: OpenModel,
    kind: TemplateKind,
    found: readonly (Located & { readonly photo: Photo })[],
  ): Promise<Float32Array[]> {
    if (found.length === 0) return [];
    const { size } = (await engine.network(name)).model.entry.input;
    using stack = new DisposableStack();
    const faces = found.map((located) => ({
      photo: located.photo,
      face: { alignment: { cropToPhoto: cropOf(located, size) } },
    }));
    const options = { network: name, mirrored: kind === "mirrored" };
    const { embeddings } = await embedAligned(engine, faces, options, stack);
    const [values] = await engine.backend.read(embeddings);
    if (!values.every(Number.isFinite)) {
      throw new DeviceError(
        `Cannot evaluate as model "${label}" gave numbers that are not finite: check the model file`,
      );
    }
    return found.map((_, i) => values.slice(i * dim, (i + 1) * dim));
  }
}

/** Draws the masks of a batch, together where the device does so. */
async function drawn(
  { backend }: Engine,
  planned: readonly (readonly (PlannedPicture | undefined)[])[],
): Promise<(Drawn | undefined)[][]> {
  const images = await drawLayers(backend, planned.flat().filter((state) => state !== undefined));
  return planned.map((states) =>
    states.map((state) => state && { image: images.shift()!, aligned: state.aligned })
  );
}

/** A picture with its face, or an aligned crop, or a photo without a face. */
function place({ image, aligned }: Drawn, face: Face | undefined): Omit<Located, "maskFailed"> {
  return aligned ? { image, acquired: true } : { image, face, acquired: face !== undefined };
}

/** The map from a crop of some size to the picture. */
function cropOf({ image, face }: Located, size: number): Affine {
  return face ? alignFace(face.landmarks, size).cropToPhoto : squareMap(size, image.width);
}
