// EdgeNeXt checkpoints and quantised tensors that lie: refused at once, by a name.
import { assert, assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { type Checkpoint, openCheckpoint } from "../../src/convert/mod.ts";
import { CheckpointError } from "../../src/base/errors.ts";
import { smallEdgeNext } from "./edgenext_bytes.ts";
import {
  bytes,
  legacyFile,
  pickle,
  stateOf,
  storages,
  type TensorOf,
  zip,
  zipFile,
} from "./torch_bytes.ts";
import { embed } from "./torch_fixtures.ts";

const HONEST = smallEdgeNext();
const { name, text, tuple, call, number } = pickle;

async function convert(file: Uint8Array): Promise<[Checkpoint, Uint8Array]> {
  using checkpoint = await openCheckpoint(file, { label: "bad.pth" });
  return [checkpoint, bytes(...checkpoint.onnx())];
}

/** A tensor of these sizes, full of halves. */
function full(...sizes: number[]): TensorOf {
  return { sizes, values: new Float32Array(sizes.reduce((a, b) => a * b, 1)).fill(0.5) };
}

/** The small network with tensors in place of its own, or without them. */
function changed(tensors: Readonly<Record<string, TensorOf | undefined>>): Uint8Array {
  const all = Object.entries({ ...HONEST, ...tensors }).filter(([, tensor]) => tensor);
  return zipFile(Object.fromEntries(all) as Record<string, TensorOf>);
}

function float(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return bytes("G", new Uint8Array(view.buffer));
}

const scheme = (scheme: string): Uint8Array => name("torch", scheme);

/** The network with a first layer `[16, 4]` that is packed; its storage comes behind the others. */
function packed(parameters: Uint8Array, bias = bytes("N")): Uint8Array {
  const { "stages.0.blocks.0.mlp.fc1.weight": _, "stages.0.blocks.0.mlp.fc1.bias": __, ...rest } =
    HONEST;
  const layer = "stages.0.blocks.0.mlp.fc1", key = String(Object.keys(rest).length);
  const storage = bytes(
    tuple(text("storage"), name("torch", "QInt8Storage"), text(key), text("cpu"), number(64)),
    "Q",
  );
  const weight = call(
    name("torch._utils", "_rebuild_qtensor"),
    storage,
    number(0),
    tuple(number(16), number(4)),
    tuple(number(4), number(1)),
    parameters,
    bytes([0x89]),
    call(name("collections", "OrderedDict")),
  );
  const more = pickle.dictionary({
    [`${layer}._packed_params.dtype`]: name("torch", "qint8"),
    [`${layer}._packed_params._packed_params`]: tuple(weight, bias),
  });
  // Both dictionaries' entries between one pair of marks.
  const state = bytes(stateOf(rest).slice(0, -1), more.slice(2));
  const values = Uint8Array.from({ length: 64 }, (_, i) => i * 37);
  return zip({
    "archive/data.pkl": pickle.whole(state),
    ...storages(rest),
    [`archive/data/${key}`]: values,
  });
}

const affine = (scale: number, zeroPoint: number | Uint8Array): Uint8Array =>
  tuple(
    scheme("per_tensor_affine"),
    float(scale),
    typeof zeroPoint === "number" ? number(zeroPoint) : zeroPoint,
  );

Deno.test("the small EdgeNeXt is read from both formats, and packed", async () => {
  const pictures = Float32Array.from({ length: 2 * 3 * 112 * 112 }, (_, i) => Math.sin(i * i));
  for (const file of [zipFile(HONEST), legacyFile(HONEST), packed(affine(0.01, 3))]) {
    const [{ network, family, templateSize, epsilon }, onnx] = await convert(file);
    assertEquals(
      [network, family, templateSize, epsilon],
      ["edgenext-4-6-8-10", "edgeface", 5, 1e-6],
    );
    const templates = await embed(onnx, pictures);
    assertEquals(templates.length, 10);
    for (const at of [0, 5]) {
      assertLess(Math.abs(Math.hypot(...templates.subarray(at, at + 5)) - 1), 1e-5);
    }
  }
});

const ATTACKS: Readonly<Record<string, [file: () => Uint8Array, message: string]>> = {
  "a scale of zero": [() => packed(affine(0, 0)), "sensible scales"],
  "a scale that is no number": [() => packed(affine(NaN, 0)), "sensible scales"],
  "a scale below zero": [() => packed(affine(-1, 0)), "sensible scales"],
  "an endless scale": [() => packed(affine(Infinity, 0)), "sensible scales"],
  "a zero point beyond a byte": [() => packed(affine(1, 1000)), "sensible scales"],
  "a zero point that is a text": [() => packed(affine(1, text("0"))), "sensible scales"],
  "a scheme that is a text": [
    () => packed(tuple(text("per_tensor_affine"), float(1), number(0))),
    "sensible scales",
  ],
  "a scale for each row that is one number": [
    () => packed(tuple(scheme("per_channel_affine"), float(1), number(0), number(0))),
    "sensible scales",
  ],
  "no scales": [() => packed(bytes("N")), "sensible scales"],
  "a scheme that is not known": [() => packed(tuple(scheme("quint8"))), "code is never run"],
  "a call of a type": [() => packed(call(name("torch", "qint8"))), "calls a constant"],
  "a bias that is a number": [
    () => packed(affine(0.01, 0), number(1)),
    "no pair",
  ],
  "a plain tensor of quantised numbers": [
    () => changed({ "head.fc.weight": { ...full(5, 10), type: "QInt8Storage", said: 200 } }),
    "type QInt8",
  ],
  "heads that do not divide the channels": [
    () => changed({ "stages.1.blocks.1.xca.temperature": full(4, 1, 1) }),
    "4 heads for 6 channels",
  ],
  "no heads": [
    () => changed({ "stages.1.blocks.1.xca.temperature": full(0, 1, 1) }),
    "0 heads for 6 channels",
  ],
  "an even kernel": [
    () => changed({ "stages.0.blocks.0.conv_dw.weight": full(4, 1, 2, 2) }),
    "kernels of 2",
  ],
  "a kernel of 99": [
    () => changed({ "stages.0.blocks.0.conv_dw.weight": full(4, 1, 99, 99) }),
    "kernels of 99",
  ],
  "another stem": [() => changed({ "stem.0.weight": full(4, 3, 9, 9) }), "stem.0.weight"],
  "more channels than any network": [
    () => changed({ "stem.0.weight": full(4096, 3, 4, 4) }),
    "4096 outputs",
  ],
  "a template of no numbers": [
    () => changed({ "head.fc.weight": full(0, 10), "head.fc.bias": full(0) }),
    "0 outputs",
  ],
  "an expansion of a million": [
    () =>
      changed({
        "stages.0.blocks.0.mlp.fc1.weight": undefined,
        "stages.0.blocks.0.mlp.fc1.linear1.weight": full(1, 4),
        "stages.0.blocks.0.mlp.fc1.linear2.weight": full(1e6, 1),
      }),
    "to 1000000",
  ],
  "a pair whose rank is above its sizes": [
    () =>
      changed({
        "head.fc.weight": undefined,
        "head.fc.linear1.weight": full(1000, 10),
        "head.fc.linear2.weight": full(5, 1000),
      }),
    "rank 1000",
  ],
  "a pair of which one is missing": [
    () => changed({ "head.fc.weight": undefined, "head.fc.linear1.weight": full(3, 10) }),
    "head.fc",
  ],
  "a layer scale of another length": [
    () => changed({ "stages.0.blocks.0.gamma": full(5) }),
    "gamma",
  ],
  "convolutions of more scales than channels": [
    () =>
      changed(
        Object.fromEntries(
          Array.from({ length: 30 }, (_, i) => [`stages.1.blocks.1.convs.${i}.weight`, full(1)]),
        ),
      ),
    "30 convolutions",
  ],
  "positions of an odd number of waves": [
    () => changed({ "stages.1.blocks.1.pos_embd.token_projection.weight": full(6, 5, 1, 1) }),
    "5 inputs",
  ],
  "more stages than the map has places for": [
    () => {
      const more = [4, 5, 6].flatMap((i) =>
        [
          ...Object.entries(HONEST).filter(([key]) => key.startsWith("stages.3.blocks.0."))
            .map(([key, tensor]): [string, TensorOf] => [`stages.${i}${key.slice(8)}`, tensor]),
          [`stages.${i}.downsample.0.weight`, full(10)],
          [`stages.${i}.downsample.0.bias`, full(10)],
          [`stages.${i}.downsample.1.weight`, full(10, 10, 2, 2)],
        ] as [string, TensorOf][]
      );
      return changed(Object.fromEntries(more));
    },
    "halves a map of one place",
  ],
  "a tensor too many": [() => changed({ "head.extra": full(1) }), "head.extra"],
  "weights that are not numbers": [
    () =>
      changed({
        "stages.1.blocks.1.pos_embd.token_projection.bias": {
          sizes: [6],
          values: new Float32Array(6).fill(NaN),
        },
      }),
    "diverge",
  ],
};

for (const [attack, [file, message]] of Object.entries(ATTACKS)) {
  Deno.test(`refused in an EdgeNeXt: ${attack}`, async () => {
    const data = file(), start = performance.now();
    const error = await assertRejects(() => convert(data), CheckpointError, message);
    assertStringIncludes(error.message, ": ");
    assert(performance.now() - start < 5000);
  });
}
