// One of the two photos: chosen, dropped, a sample or the camera's; shown with what was found, with a mask if wanted.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import type { Acquired, Verifier } from "../../verify/mod.ts";
import { interEyeDistance } from "../../pipeline/detect/face.ts";
import { explainIncomparable } from "../../pipeline/embed/comparable.ts";
import { type Image, loadImage } from "../../image/mod.ts";
import { COVERAGES, MASK_KINDS, type MaskOptions } from "../../mask/mod.ts";
import { Camera } from "./camera.ts";
import { canvasOf, drawCrop, drawPhoto } from "./draw.ts";

/** What cards work with; a new one is made when the user chooses another device. */
export interface Engine {
  readonly verifier: Verifier;
}

/** One photo of the comparison. */
export class Card {
  readonly #root: HTMLElement;
  readonly #engine: () => Promise<Engine>;
  readonly #changed: (live: boolean) => void;
  #photo: Image | undefined;
  #camera: Camera | undefined;
  #found: Acquired | undefined;
  /** Counts what was asked for, so that an answer that comes late is dropped. */
  #asked = 0;

  /** Fills a section of the page; `changed` is called when there is another template, or none any more. */
  constructor(root: HTMLElement, engine: () => Promise<Engine>, changed: (live: boolean) => void) {
    this.#root = root;
    this.#engine = engine;
    this.#changed = changed;
    const template = document.querySelector<HTMLTemplateElement>("template#card")!;
    root.append(template.content.cloneNode(true));
    addChoices(this.#one("select.kind"), MASK_KINDS);
    addChoices(this.#one("select.coverage"), COVERAGES);
    this.#offerCoverage();
    this.#listen();
  }

  /** The template of the face that is shown, if there is one. */
  get found(): Acquired | undefined {
    return this.#found;
  }

  /** Whether the keyboard is in it. */
  get hasFocus(): boolean {
    return this.#root.contains(document.activeElement);
  }

  /** Takes a photo that was pasted. */
  take(file: Blob): void {
    this.#open(file);
  }

  /** Looks at the photo again: another mask, or another device. */
  async refresh(): Promise<void> {
    if (this.#photo && !this.#camera) await this.#show(this.#photo);
  }

  #listen(): void {
    const drop = this.#one<HTMLElement>(".drop"),
      input = this.#one<HTMLInputElement>(".drop input");
    input.addEventListener("change", () => input.files?.[0] && this.#open(input.files[0]));
    // Anywhere on the card: a photo that misses its frame would open in the place of the page.
    const card = this.#root;
    card.addEventListener("dragover", (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
    card.addEventListener("dragleave", (event) => {
      if (!card.contains(event.relatedTarget as Node | null)) drop.classList.remove("over");
    });
    card.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      const file = event.dataTransfer?.files[0];
      if (file) this.#open(file);
    });
    const sample = this.#one<HTMLSelectElement>("select.sample");
    sample.addEventListener("change", async () => {
      const name = sample.value;
      if (name) this.#open(await (await fetch(`samples/${name}.jpg`)).blob(), name);
    });
    for (const name of ["kind", "coverage"]) {
      this.#one(`select.${name}`).addEventListener("change", () => {
        this.#offerCoverage();
        this.refresh();
      });
    }
    this.#one(".camera").addEventListener(
      "click",
      () => this.#camera ? this.#stop() : this.#film(),
    );
  }

  async #open(file: Blob, sample = ""): Promise<void> {
    this.#stop();
    this.#one<HTMLSelectElement>("select.sample").value = sample;
    const asked = ++this.#asked;
    try {
      const photo = await loadImage(file);
      if (asked === this.#asked) await this.#show(photo);
    } catch (error) {
      if (asked === this.#asked) this.#fail((error as Error).message);
    }
  }

  async #film(): Promise<void> {
    const button = this.#one<HTMLButtonElement>(".camera");
    // A second press while the browser asks its user would start a camera that nothing turns off.
    button.disabled = true;
    try {
      using camera = await Camera.start();
      this.#camera = camera;
      button.disabled = false;
      button.textContent = "Take the photo";
      this.#one<HTMLSelectElement>("select.sample").value = "";
      for await (const picture of camera.pictures()) await this.#show(picture);
    } catch (error) {
      this.#fail(`The camera cannot be used: ${(error as Error).message}`);
    }
    this.#camera = undefined;
    button.disabled = false;
    button.textContent = "Use the camera";
    this.#changed(false);
  }

  /** Turns the camera off; its last picture stays. */
  #stop(): void {
    this.#camera?.[Symbol.dispose]();
  }

  async #show(photo: Image): Promise<void> {
    const asked = ++this.#asked;
    this.#photo = photo;
    this.#root.ariaBusy = "true";
    try {
      const { verifier } = await this.#engine();
      const mask = this.#mask();
      const { image: picture } = mask
        ? await verifier.mask(photo, mask, { maxFaces: 1 })
        : { image: photo };
      const found = await verifier.embed(picture, { face: "largest" });
      if (asked !== this.#asked) return;
      this.#found = found.kind === "acquired" ? found : undefined;
      this.#draw(picture);
    } catch (error) {
      if (asked === this.#asked) this.#fail((error as Error).message);
    } finally {
      if (asked === this.#asked) this.#root.ariaBusy = "false";
    }
    this.#changed(this.#camera !== undefined);
  }

  #draw(picture: Image): void {
    const face = this.#found?.face, pixels = canvasOf(picture);
    const photo = this.#one<HTMLCanvasElement>(".drop canvas");
    const crop = this.#one<HTMLCanvasElement>(".crop");
    drawPhoto(photo, pixels, face);
    drawCrop(crop, pixels, face);
    this.#one(".drop").classList.add("full");
    photo.ariaLabel = face ? "The photo, with the face marked" : "The photo, without a face";
    crop.ariaLabel = face ? "The face as the network sees it" : "No face";
    if (!face) {
      return this.#say("No face was found: use a photo in which it is larger or lit better", true);
    }
    const { mask, landmarks, alignment, incomparable, child } = face;
    const wears = { none: "no mask", full: "a mask", "nose-out": "a mask below the nose" };
    this.#say(
      [
        incomparable ? `Cannot be compared: ${explainIncomparable(incomparable)}` : "",
        child ? "Taken for a child" : "",
        mask ? `Wears ${wears[mask.state]} (${(100 * mask.probability).toFixed(0)}%)` : "",
        `Eyes ${interEyeDistance(landmarks).toFixed(0)} pixels apart`,
        `Head tilted by ${degrees(alignment.roll)}`,
      ].filter(Boolean).join("\n"),
      incomparable !== undefined,
    );
  }

  #fail(message: string): void {
    this.#found = undefined;
    this.#say(message, true);
    this.#changed(false);
  }

  /** Shows the facts; screen readers announce them but for the camera, whose facts change with every picture. */
  #say(text: string, bad = false): void {
    const facts = this.#one(".facts");
    facts.ariaLive = this.#camera ? "off" : "polite";
    facts.classList.toggle("bad", bad);
    facts.textContent = text;
  }

  /** What a mask covers can be chosen once there is one. */
  #offerCoverage(): void {
    const kind = this.#one<HTMLSelectElement>("select.kind").value;
    this.#one<HTMLSelectElement>("select.coverage").disabled = kind === "";
  }

  #mask(): MaskOptions | undefined {
    const kind = this.#one<HTMLSelectElement>("select.kind").value;
    const coverage = this.#one<HTMLSelectElement>("select.coverage").value;
    return kind ? { kind, coverage } as MaskOptions : undefined;
  }

  #one<T extends HTMLElement = HTMLElement>(selector: string): T {
    return this.#root.querySelector<T>(selector)!;
  }
}

function degrees(angle: number): string {
  const whole = Math.abs(Math.round(angle));
  return `${whole} ${whole === 1 ? "degree" : "degrees"}`;
}

function addChoices(select: HTMLElement, values: readonly string[]): void {
  for (const value of values) select.append(new Option(value, value));
}
