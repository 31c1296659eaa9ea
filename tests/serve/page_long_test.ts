/// <reference lib="dom" />
import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { Buffer } from "node:buffer";
import type { Page } from "playwright-core";
import { createVerifier } from "../../mod.ts";
import { loadImage } from "../../src/image/mod.ts";
import { createHandler, folderAssets } from "../../src/serve/mod.ts";
import { buildPage } from "../../src/serve/page/build.ts";
import { photo } from "../hosts.ts";
import { cameraFile, hasChromium, launch } from "./browser.ts";
import { SlowVerifier } from "./requests.ts";

/** SwiftShader compiles every kernel of every network at its first use. */
const PATIENCE = 240_000;

testInBrowser("the page verifies with Deno's score, on wasm and on WebGPU", async (open) => {
  await using verifier = await createVerifier({ device: "wasm" });
  const own = await verifier.verify(photo("collins"), photo("collins_masked"));
  assert(own.kind === "compared");
  for (const device of ["wasm", "webgpu"]) {
    const { page, visited, complaints } = await open(device);
    await choose(page, "probe", "collins");
    await choose(page, "reference", "collins_masked");
    const result = page.locator("#result[data-score]");
    assertAlmostEquals(Number(await result.getAttribute("data-score")), own.score, 1e-3);
    assertEquals(await result.getAttribute("data-decision"), own.decision);
    assertMatch(
      await page.locator("#score").innerText(),
      /^Score \d\.\d+: .* 1 in [\d,]+ pairs of different people of any of \d+ measured groups/,
    );
    assertEquals(await page.locator("html").getAttribute("data-device"), device);
    // A mask from the project's kernels, WGSL or TypeScript, which the mask-state network then sees.
    await page.locator("#probe select.kind").selectOption("surgical");
    await page.locator("#probe .facts", { hasText: "Wears a mask" }).waitFor();
    assertEquals(visited.size, 1, `the page went to ${[...visited]}`);
    assertEquals(complaints, []);
    await page.close();
  }
});

testInBrowser(
  "the page works by keyboard, says what is wrong, and takes the camera",
  async (open) => {
    const { page } = await open("wasm");
    page.setDefaultTimeout(60_000);
    const input = page.locator("#probe input[type=file]");
    await input.setInputFiles({ name: "a.jpg", mimeType: "image/jpeg", buffer: Buffer.from("no") });
    await page.locator("#probe .facts.bad", { hasText: "Cannot decode" }).waitFor();
    await page.locator("#probe select.sample").selectOption("hopper");
    await page.locator("#reference select.sample").selectOption("collins");
    await page.locator("#result[data-decision=no-match]").waitFor();
    const before = await page.locator("#threshold-text").innerText();
    await page.locator("#threshold").focus();
    await page.keyboard.press("ArrowRight");
    const after = await page.locator("#threshold-text").innerText();
    assert(before !== after, after);
    assertMatch(after, /^0\.\d{3}: false match rate .*1 in [\d,]+ impostors$/);
    await page.locator("#threshold").fill("0.01");
    assertEquals(await page.locator("#verdict").innerText(), "Match");
    // The camera sees Collins, live, until the photo is taken.
    const camera = page.locator("#probe .camera");
    await camera.press("Enter");
    await page.locator("#probe .camera", { hasText: "Take the photo" }).waitFor();
    await result(page, (score) => score > 0.6);
    await camera.press("Enter");
    await page.locator("#probe .camera", { hasText: "Use the camera" }).waitFor();
    for (const control of await page.locator("button, select, input").all()) {
      const name = await control.evaluate((element) =>
        (element as HTMLInputElement).labels?.[0]?.textContent?.trim() ||
        element.textContent?.trim()
      );
      assert(name, `a control without a label: ${await control.evaluate((e) => e.outerHTML)}`);
    }
    await page.close();
  },
);

testInBrowser(
  "the page shows its result without scrolling, at any width, and takes pasted and dropped photos",
  async (open) => {
    const { page, complaints } = await open("wasm", { width: 360, height: 740 });
    await page.locator("#probe").evaluate(give, ["drop", await inBase64("collins")] as const);
    await page.locator("#probe .facts", { hasText: "Wears" }).waitFor();
    await page.locator("body").evaluate(give, ["paste", await inBase64("collins")] as const);
    await result(page, (score) => score > 0.99);
    assertEquals(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    const verdict = await page.locator("#verdict").boundingBox();
    assert(verdict && verdict.y >= 0 && verdict.y + verdict.height < 740, JSON.stringify(verdict));
    // The dot stands on the line of the curve; a score beyond the measured ones lets the axis grow, to a tenth.
    const [dot, line] = await page.locator("#curve").evaluate((svg) => {
      const numbers = (selector: string, names: readonly string[]): number[] =>
        names.map((name) => Number(svg.querySelector(selector)!.getAttribute(name)));
      const [x2, y] = numbers(".beyond:nth-last-of-type(2)", ["x2", "y2"]);
      const [x] = numbers(".axis", ["x1"]);
      return [numbers(".score-mark", ["cx", "cy"]), { x, y, width: x2 - x }] as const;
    });
    const score = Number(await page.locator("#result").getAttribute("data-score"));
    const [{ x, width }, end] = [line, Math.ceil(10 * score) / 10];
    assertAlmostEquals(dot[0], x + score / end * width, 0.5);
    assertAlmostEquals(dot[1], line.y, 0.5);
    assertEquals(complaints, []);
    await page.close();
  },
);

testInBrowser(
  "without WebGPU the page says why and what to do, and computes all the same",
  async (open) => {
    const { page } = await open("webgpu", { init: "delete Navigator.prototype.gpu" });
    assertEquals(await page.locator("html").getAttribute("data-device"), "wasm");
    assertMatch(
      await page.locator("#status").innerText(),
      /^WebGPU cannot be used here, so WebAssembly computes.* hardware acceleration .*no WebGPU adapter$/,
    );
    await page.close();
  },
);

/** Gives an element a photo in base64, by a drop or a paste. */
function give(element: Element, [kind, bytes]: readonly ["drop" | "paste", string]): void {
  const binary = atob(bytes);
  const file = new File([Uint8Array.from(binary, (c) => c.charCodeAt(0))], "a.jpg", {
    type: "image/jpeg",
  });
  const data = new DataTransfer();
  data.items.add(file);
  const event = kind === "drop"
    ? new DragEvent("drop", { dataTransfer: data, bubbles: true })
    : new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
  element.dispatchEvent(event);
}

async function inBase64(name: string): Promise<string> {
  return (await Deno.readFile(photo(name))).toBase64();
}

/** Waits until the score is as wanted. */
async function result(page: Page, wanted: (score: number) => boolean): Promise<void> {
  const end = Date.now() + PATIENCE;
  while (!wanted(Number(await page.locator("#result").getAttribute("data-score") ?? NaN))) {
    if (Date.now() > end) throw new Error("the score did not come");
    await page.waitForTimeout(100);
  }
}

async function choose(page: Page, card: string, name: string): Promise<void> {
  await page.locator(`#${card} input[type=file]`).setInputFiles(photo(name));
}

interface OpenOptions {
  readonly width?: number;
  readonly height?: number;
  /** A script to run before the page's own. */
  readonly init?: string;
}

interface Opened {
  readonly page: Page;
  /** The hosts that the page asked for anything. */
  readonly visited: Set<string>;
  /** Errors of the page. */
  readonly complaints: string[];
}

function testInBrowser(
  name: string,
  body: (open: (device: string, options?: OpenOptions) => Promise<Opened>) => Promise<void>,
): void {
  const reason = "skipped: there is no /usr/bin/chromium; install Debian's chromium";
  Deno.test({
    name: hasChromium ? name : `${name} (${reason})`,
    ignore: !hasChromium,
    // playwright-core keeps timers and a pipe for a moment after the browser has closed.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const folder = await Deno.makeTempDir();
      await buildPage(folder);
      const assets = await folderAssets(folder);
      const { fetch } = createHandler({ verifier: new SlowVerifier(), assets });
      await using server = Deno.serve({ port: 0, onListen: () => {} }, fetch);
      const camera = `${folder}/camera.y4m`;
      await Deno.writeFile(camera, await cameraFile(await loadImage(photo("collins"))).bytes());
      const browser = await launch(camera);
      try {
        await body(async (device, { width = 1280, height = 720, init } = {}) => {
          const page = await browser.newPage({ viewport: { width, height } });
          if (init !== undefined) await page.addInitScript(init);
          const visited = new Set<string>();
          const complaints: string[] = [];
          page.setDefaultTimeout(PATIENCE);
          page.on("request", (request) => {
            const { protocol, host } = new URL(request.url());
            if (protocol.startsWith("http")) visited.add(host);
          });
          page.on("pageerror", (error) => complaints.push(error.message));
          await page.goto(`http://localhost:${server.addr.port}/?device=${device}`);
          await page.locator("html[data-device]").waitFor();
          return { page, visited, complaints };
        });
      } finally {
        await browser.close();
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}
