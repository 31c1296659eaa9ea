// The drawn textures: repeatable, different where they should be, opaque where a mask is and clear beside it.

import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import { smoothNoise } from "../../src/mask/draw_noise.ts";
import {
  atlasPlace,
  atlasSize,
  maskPlace,
  outlineDistance,
  reach,
} from "../../src/mask/draw_outline.ts";
import { maskTexture, textureWidth } from "../../src/mask/draw_texture.ts";
import {
  completeMaskOptions,
  COVERAGES,
  MASK_KINDS,
  PATTERNS,
  randomMaskOptions,
} from "../../src/mask/kinds.ts";
import type { MaskTexture } from "../../src/kernels/mask_overlay/layer.ts";

const WIDTH = 128;

function alphaAt({ width, data }: MaskTexture, x: number, y: number): number {
  return data[(Math.round(y) * width + Math.round(x)) * 4 + 3];
}

Deno.test("smooth noise has no jumps at its lattice", () => {
  for (let i = -5; i < 5; i++) {
    const before = smoothNoise(i - 1e-6, 0.3, 4), after = smoothNoise(i + 1e-6, 0.3, 4);
    assert(Math.abs(before - after) < 1e-4, `${before} ${after}`);
  }
});

for (const kind of MASK_KINDS) {
  Deno.test(`${kind}: opaque within, clear beside, strips below`, () => {
    const appearance = completeMaskOptions({ kind, seed: 3 });
    const texture = maskTexture(appearance, WIDTH, false), size = atlasSize(appearance, WIDTH);
    assertEquals([texture.width, texture.height], [size.width, size.height]);
    assertEquals(texture.data.length, size.width * size.height * 4);
    for (let y = 0; y < size.body; y++) {
      for (let x = 0; x < size.width; x++) {
        const distance = outlineDistance(appearance, ...maskPlace(appearance, size, x, y));
        // Two texels inside the outline all is cloth; from 0.15 outside, not even shadow.
        if (distance > 4 / WIDTH) assertEquals(alphaAt(texture, x, y), 255, `${x}, ${y}`);
        if (distance < -0.15) assertEquals(alphaAt(texture, x, y), 0, `${x}, ${y}`);
      }
    }
    assert(outlineDistance(appearance, 0, 0.5) > 0.3);
    const { strap, rim } = reach(size);
    assert(alphaAt(texture, 20, (strap.top + strap.bottom) / 2) > 240);
    assert(alphaAt(texture, rim.right - 2, rim.top) > 240);
    assert(alphaAt(texture, rim.right - 2, rim.bottom) < 32);
  });
}

Deno.test("the same appearance gives the same bytes, and other looks other bytes", async () => {
  const appearance = completeMaskOptions({ kind: "surgical", color: "#4a7", seed: 7 });
  const first = maskTexture(appearance, WIDTH, false);
  assert(maskTexture({ ...appearance }, WIDTH, false) === first);
  const copy = first.data.slice();
  // The module loaded again has kept nothing, so it draws.
  const again: typeof import("../../src/mask/draw_texture.ts") = await import(
    new URL("../../src/mask/draw_texture.ts?again", import.meta.url).href
  );
  assert(again.maskTexture(appearance, WIDTH, false) !== first);
  assertEquals(again.maskTexture(appearance, WIDTH, false).data, copy);
  assertNotEquals(maskTexture({ ...appearance, seed: 8 }, WIDTH, false).data, copy);
  for (const kind of MASK_KINDS.filter((other) => other !== "surgical")) {
    assertNotEquals(maskTexture({ ...appearance, kind }, WIDTH, false).data, copy);
  }
});

Deno.test("every pattern is seen, in the mask's colour and another", () => {
  const plain =
    maskTexture(completeMaskOptions({ kind: "cloth", color: "#c33" }), WIDTH, false).data;
  const seen = new Set<string>();
  for (const pattern of PATTERNS) {
    const appearance = completeMaskOptions({ kind: "cloth", color: "#c33", pattern });
    const { data } = maskTexture(appearance, WIDTH, false);
    seen.add(data.join());
    let same = 0, other = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] < 255) continue;
      if (Math.abs(data[i] - plain[i]) < 12) same++;
      else other++;
    }
    assert(same > 400, `${pattern}: ${same} in the colour`);
    assert(pattern === "plain" ? other === 0 : other > 400, `${pattern}: ${other} in another`);
  }
  assertEquals(seen.size, PATTERNS.length);
});

Deno.test("colours are CSS hex; on grey photos masks are grey", () => {
  assertEquals(completeMaskOptions({ kind: "cloth", color: "#4a7" }).color, [0x44, 0xaa, 0x77]);
  assertEquals(completeMaskOptions({ kind: "cloth", color: "#40A070" }).color, [0x40, 0xa0, 0x70]);
  const { data } = maskTexture(completeMaskOptions({ kind: "cloth", color: "#4a7" }), WIDTH, true);
  for (let i = 0; i < data.length; i += 4) {
    assertEquals([data[i], data[i]], [data[i + 1], data[i + 2]]);
  }
});

Deno.test("options that do not exist are refused by name", () => {
  const refused: readonly (readonly [string, string])[] = [
    ["kind", "balaclava"],
    ["color", "#12345"],
    ["color", "red"],
    ["pattern", "tartan"],
    ["coverage", "backwards"],
  ];
  for (const [name, value] of refused) {
    const options = { kind: "cloth" as const, [name]: value };
    assertThrows(() => completeMaskOptions(options), InvalidArgumentError, `"${value}"`);
  }
  assertThrows(
    () => completeMaskOptions({ kind: "cloth", seed: 0.5 }),
    InvalidArgumentError,
    "0.5",
  );
});

Deno.test("chance masks repeat, and every kind and coverage comes up, as meant most often", () => {
  assertEquals(randomMaskOptions(5), randomMaskOptions(5));
  const many = Array.from(
    { length: 2000 },
    (_, seed) => completeMaskOptions(randomMaskOptions(seed)),
  );
  for (const kind of MASK_KINDS) assert(many.some((appearance) => appearance.kind === kind), kind);
  const share = (coverage: string): number =>
    many.filter((appearance) => appearance.coverage === coverage).length / many.length;
  for (const coverage of COVERAGES) assert(share(coverage) > 0.02, coverage);
  assert(share("full") > 0.8 && share("full") < 0.92, `${share("full")}`);
  assert(many.filter((appearance) => appearance.pattern !== "plain").length > 200);
});

Deno.test("the texture's places and the mask's are each other's inverse; sizes follow the head", () => {
  const appearance = completeMaskOptions({ kind: "n95" }), size = atlasSize(appearance, WIDTH);
  const { x, y } = atlasPlace(appearance, size, -0.3, 0.8);
  const [u, v] = maskPlace(appearance, size, x, y);
  assert(Math.hypot(u + 0.3, v - 0.8) < 1e-12);
  assertEquals([60, 100, 150, 900].map(textureWidth), [128, 128, 256, 512]);
});
