// Smaller forms of embedding networks, and what they cost in likeness to the float network.
// A form is added in quantize.ts with a file of its own; nothing else of maskinv may come to need this room.

export { type Nearness, type Quantized, quantizeModel, type QuantizeOptions } from "./quantize.ts";
