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
      /^Score 0\.\d+: .* 1 in [\d,]+ impostors/,
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
    await page.locator("#threshold").fill("0.05");
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

interface Opened {
  readonly page: Page;
  /** The hosts that the page asked for anything. */
  readonly visited: Set<string>;
  /** Errors of the page. */
  readonly complaints: string[];
}

function testInBrowser(
  name: string,
  body: (open: (device: string) => Promise<Opened>) => Promise<void>,
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
        await body(async (device) => {
          const page = await browser.newPage(), visited = new Set<string>();
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
