// Small pictures of the pairs that went wrong, so that people can see why: the faces as the networks saw them, masks
// included, with some room around them.

import { MaskinvError } from "../../base/errors.ts";
import { decodeImage } from "../../image/decode.ts";
import { fromPixels, type Image } from "../../image/image.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { sampleKey } from "./template_table.ts";
import type { SampleEmbedder } from "./embedder.ts";
import type { WorstPair } from "./evaluation.ts";
import type { Sample } from "./protocol.ts";
import type { ScoredComparison } from "./scores.ts";

/** Width and height of a picture. */
const SIZE = 112;

/** Draws pairs; a photo in a state is drawn once, however many pairs it is in. */
export class PictureBook {
  readonly #dataset: Dataset;
  readonly #embedder: SampleEmbedder | undefined;
  readonly #drawn = new Map<string, string>();

  /** Without an embedder to find the faces, pairs have no pictures. */
  constructor(dataset: Dataset, embedder: SampleEmbedder | undefined) {
    this.#dataset = dataset;
    this.#embedder = embedder;
  }

  /** The pairs as reports list them. */
  async pairs(comparisons: readonly ScoredComparison[]): Promise<WorstPair[]> {
    const id = ({ image }: Sample): string => this.#dataset.images[image].id;
    const out: WorstPair[] = [];
    for (const { probe, reference, score } of comparisons) {
      const pair = { probe: id(probe), reference: id(reference), score };
      out.push(
        this.#embedder
          ? { ...pair, pictures: [await this.#picture(probe), await this.#picture(reference)] }
          : pair,
      );
    }
    return out;
  }

  async #picture(sample: Sample): Promise<string> {
    const key = sampleKey(sample);
    const url = this.#drawn.get(key) ?? await this.#draw(sample);
    this.#drawn.set(key, url);
    return url;
  }

  async #draw({ image, mask }: Sample): Promise<string> {
    try {
      const file = await this.#dataset.images[image].load();
      const photo = file instanceof Uint8Array ? await decodeImage(file) : fromPixels(file);
      const jobs = [{ image: photo, states: [mask] }];
      const [[portrait]] = await this.#embedder!.portraits(jobs, SIZE);
      return portrait ? await jpegUrl(portrait) : "";
    } catch (error) {
      if (error instanceof MaskinvError) return "";
      throw error;
    }
  }
}

async function jpegUrl({ width, height, data }: Image): Promise<string> {
  const { encode } = await import("npm:jpeg-js@0.4.4");
  const bytes = new Uint8Array(encode({ width, height, data: new Uint8Array(data) }, 82).data);
  return `data:image/jpeg;base64,${bytes.toBase64()}`;
}
