// The page: two photos in, decision out, all of it in the browser. Bundled by build.ts from the library's own modules.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import type { CurvePoint } from "../../model/calibration.ts";
import { createVerifier, type DeviceChoice } from "../../verify/mod.ts";
import { type EmbeddedFace, type ModelEntry, parseManifest } from "../../pipeline/embed/mod.ts";
import {
  calibrationsOf,
  comparisonScore,
  decide,
  type MaskStates,
  ruleFor,
  scoreFmr,
} from "../../pipeline/score/mod.ts";
import { Card, type Engine } from "./card.ts";
import { drawCurve, SHOWN } from "./curve.ts";
import { basisText, fmrText, rateText, webgpuFailure } from "./words.ts";

const models = new URL("models/", location.href);
const one = <T extends Element = HTMLElement>(id: string): T =>
  document.querySelector<T>(`#${id}`)!;
const device = one<HTMLSelectElement>("device"), slider = one<HTMLInputElement>("threshold");

let entry: ModelEntry | undefined;
/** The user's own threshold; until they move the slider, the measured one counts. */
let chosenThreshold: number | undefined;
device.value = new URLSearchParams(location.search).get("device") ?? "auto";
/** Counts the starts, so that the end of an old one shows nothing. */
let starts = 0;
let engine = start();

const cards = ["probe", "reference"].map((id) => new Card(one(id), () => engine, show));

async function start(): Promise<Engine> {
  const choice = device.value as DeviceChoice, status = one("status");
  const mine = ++starts;
  status.textContent = "Loading the models ...";
  status.classList.remove("bad");
  try {
    const text = await (await fetch(new URL("manifest.json", models))).text();
    entry = parseManifest(text).student;
    const { verifier, used, failure } = await open(choice);
    if (mine !== starts) return { verifier };
    status.textContent = failure ??
      (used === "webgpu" ? "Ready, on WebGPU" : "Ready, on WebAssembly");
    status.classList.toggle("bad", failure !== undefined);
    document.documentElement.dataset.device = used;
    show(false);
    return { verifier };
  } catch (error) {
    if (mine === starts) {
      status.textContent = `${(error as Error).message} Reload the page to try again.`;
      status.classList.add("bad");
    }
    throw error;
  }
}

interface Opened extends Engine {
  readonly used: "webgpu" | "wasm";
  /** Why it is not what was asked for, and what to do. */
  readonly failure?: string;
}

/** Opens the device, or WebAssembly where WebGPU fails, as that works everywhere. */
async function open(choice: DeviceChoice): Promise<Opened> {
  try {
    const verifier = await createVerifier({ models, device: choice });
    return { verifier, used: await verifier.device() };
  } catch (error) {
    if (choice === "wasm") throw error;
    const opened = await open("wasm");
    return { ...opened, failure: webgpuFailure(error as Error) };
  }
}

/** The curve's rate at a score, on whose line the dot stands; beyond its ends the rate of the end. */
function rateOn(curve: readonly CurvePoint[], score: number): number {
  const at = curve.findIndex(([value]) => value >= score);
  if (at <= 0) return curve[at === 0 ? 0 : curve.length - 1][1];
  const [[from, high], [to, low]] = [curve[at - 1], curve[at]];
  // Straight on the logarithmic axis, as the line is drawn.
  return high * (low / high) ** ((score - from) / (to - from));
}

/** Shows the result for the templates and the threshold there are. */
function show(live: boolean): void {
  if (!entry) return;
  const [probe, reference] = cards.map(({ found }) => found);
  const masks: MaskStates = [probe?.face.mask, reference?.face.mask];
  const rule = ruleFor(entry, false, {}, masks);
  const threshold = chosenThreshold ?? rule.threshold;
  slider.disabled = false;
  slider.value = `${threshold}`;
  const atThreshold = scoreFmr(entry, false, threshold, masks)!;
  const said = `${threshold.toFixed(3)}: ${rateText(atThreshold)}`;
  one("threshold-text").textContent = chosenThreshold === undefined
    ? `${said} (as measured)`
    : said;
  slider.setAttribute("aria-valuetext", said);
  one("basis").textContent = basisText(atThreshold);
  const score = probe && reference && comparisonScore(probe.template, reference.template);
  const { curve } = calibrationsOf(entry, false)[atThreshold.situation]!;
  const ofScore = score === undefined ? undefined : scoreFmr(entry, false, score, masks)!;
  drawCurve(one<SVGSVGElement>("curve"), curve, {
    threshold,
    score: score === undefined ? undefined : { value: score, fmr: rateOn(curve, score) },
  });
  const verdict = one("verdict"), result = one("result");
  result.ariaLive = live ? "off" : "polite";
  if (score === undefined || !ofScore) {
    delete result.dataset.score;
    verdict.className = "verdict";
    verdict.textContent = "Give two photos to compare";
    one("score").textContent = "";
    return;
  }
  const why = refusal([probe, reference].flatMap((found) => found ? [found.face] : []));
  if (why !== undefined) {
    delete result.dataset.score;
    result.dataset.decision = "not-compared";
    verdict.className = "verdict";
    verdict.textContent = "Not compared";
    one("score").textContent = why;
    return;
  }
  const decision = decide(score, { threshold });
  verdict.className = `verdict ${decision}`;
  verdict.textContent = decision === "match" ? "Match" : "No match";
  one("score").textContent = `Score ${score.toFixed(3)}: ${fmrText(ofScore)}`;
  result.dataset.score = `${score}`;
  result.dataset.decision = decision;
}

/** Why the faces are not compared; undefined if they are. */
function refusal(faces: readonly EmbeddedFace[]): string | undefined {
  if (faces.some(({ incomparable }) => incomparable)) {
    return "Too little is to be seen of a face: see what is said of the photo";
  }
  return faces.every(({ child }) => child)
    ? "Both are taken for children, between whom the false match rate does not hold"
    : undefined;
}

function listen(): void {
  device.addEventListener("change", restart);
  [slider.min, slider.max] = SHOWN.map(String);
  addEventListener("resize", () => show(false));
  addEventListener("paste", ({ clipboardData }) => {
    const file = [...clipboardData?.files ?? []].find(({ type }) => type.startsWith("image/"));
    // Where the keyboard is, else where there is no face yet.
    const card = cards.find((card) => card.hasFocus) ?? cards.find(({ found }) => !found) ??
      cards[1];
    if (file) card.take(file);
  });
  slider.addEventListener("input", () => {
    chosenThreshold = Number(slider.value);
    show(false);
  });
}

function restart(): void {
  const old = engine;
  engine = start();
  for (const card of cards) card.refresh();
  old.then(({ verifier }) => verifier.dispose()).catch(() => {});
}

listen();
