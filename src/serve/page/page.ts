// The page: two photos in, decision out, all of it in the browser. Bundled by build.ts from the library's own modules.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import { compareTemplates } from "../../pipeline/score/template.ts";
import { createVerifier, type DeviceChoice } from "../../verify/mod.ts";
import { type ModelEntry, parseManifest } from "../../pipeline/embed/mod.ts";
import { decide, type MaskStates, ruleFor, scoreFmr } from "../../pipeline/score/mod.ts";
import { Card, type Engine } from "./card.ts";
import { drawCurve, SHOWN } from "./curve.ts";
import { createPainter } from "./masks.ts";
import { basisText, fmrText, rateText } from "./words.ts";

const models = new URL("models/", location.href);
const one = <T extends Element = HTMLElement>(id: string): T =>
  document.querySelector<T>(`#${id}`)!;
const device = one<HTMLSelectElement>("device"), slider = one<HTMLInputElement>("threshold");

let entry: ModelEntry | undefined;
/** The user's own threshold; until they move the slider, the measured one counts. */
let own: number | undefined;
device.value = new URLSearchParams(location.search).get("device") ?? "auto";
/** Counts the starts, so that the end of an old one shows nothing. */
let starts = 0;
let engine = start();

const cards = ["probe", "reference"].map((id) => new Card(one(id), () => engine, show));

async function start(): Promise<Engine> {
  const choice = device.value as DeviceChoice, status = one("status");
  const mine = ++starts;
  status.textContent = "Loading the models ...";
  try {
    const text = await (await fetch(new URL("manifest.json", models))).text();
    entry = parseManifest(text).student;
    const verifier = await createVerifier({ models, device: choice });
    const used = await verifier.device();
    // Where wasm is chosen or the better choice, so it is for the masks.
    const painter = await createPainter(used === "webgpu");
    if (mine !== starts) return { verifier, painter };
    status.textContent = used === "webgpu" ? "Ready, on WebGPU" : "Ready, on WebAssembly";
    document.documentElement.dataset.device = used;
    show(false);
    return { verifier, painter };
  } catch (error) {
    if (mine === starts) status.textContent = (error as Error).message;
    throw error;
  }
}

/** Shows the result for the templates and the threshold there are. */
function show(live: boolean): void {
  if (!entry) return;
  const [probe, reference] = cards.map(({ found }) => found);
  const masks: MaskStates = [probe?.face.mask, reference?.face.mask];
  const rule = ruleFor(entry, false, {}, masks);
  const threshold = own ?? rule.threshold;
  slider.disabled = false;
  slider.value = `${threshold}`;
  const atThreshold = scoreFmr(entry, false, threshold, masks)!;
  const said = `${threshold.toFixed(3)}: ${rateText(atThreshold)}`;
  one("threshold-text").textContent = own === undefined ? `${said} (as measured)` : said;
  slider.setAttribute("aria-valuetext", said);
  one("basis").textContent = basisText(atThreshold);
  const score = probe && reference && compareTemplates(probe.template, reference.template);
  const { curve } = entry.calibration!.single![atThreshold.situation]!;
  drawCurve(one<SVGSVGElement>("curve"), curve, { threshold, score });
  const verdict = one("verdict"), result = one("result");
  result.ariaLive = live ? "off" : "polite";
  if (score === undefined) {
    delete result.dataset.score;
    verdict.className = "verdict";
    verdict.textContent = "Give two photos to compare";
    one("score").textContent = "";
    return;
  }
  const decision = decide(score, { threshold });
  verdict.className = `verdict ${decision}`;
  verdict.textContent = decision === "match" ? "Match" : "No match";
  const impostors = fmrText(scoreFmr(entry, false, score, masks)!);
  one("score").textContent = `Score ${score.toFixed(3)}: ${impostors}`;
  result.dataset.score = `${score}`;
  result.dataset.decision = decision;
}

function listen(): void {
  device.addEventListener("change", restart);
  [slider.min, slider.max] = SHOWN.map(String);
  addEventListener("resize", () => show(false));
  slider.addEventListener("input", () => {
    own = Number(slider.value);
    show(false);
  });
}

function restart(): void {
  const old = engine;
  engine = start();
  for (const card of cards) card.refresh();
  old.then(async ({ verifier, painter }) => {
    await painter[Symbol.asyncDispose]();
    await verifier.dispose();
  }).catch(() => {});
}

listen();
