// Draws masks on a picture in place; see src/kernels/mask_overlay/cpu.ts for the definition.
// One thread per pixel (x, y) of a layer's box and layer (z); the boxes of one dispatch have no pixel in common, so
// that no two threads share one. Of the layer's pieces, the first that covers the pixel draws it.
// Coordinates are pixels, centres at integers. f32 has too few digits for a place in a large photo, so pieces count
// from the corner of their own box.
// Bindings: 0 params; 1 the layers; 2 the pieces of all layers; 3 their textures, one RGBA u32 per texel; 4 their
// light; 5 the picture, one RGBA u32 per pixel.

struct Params {
  pictureWidth: u32,
  // How far outside of its edges a piece still draws, in pixels.
  edge: f32,
  // What colours and alpha are multiples of in the modulo blend, per grey level.
  snap: f32,
}

struct Layer {
  // The pixels that may change.
  origin: vec2i,
  size: vec2i,
  textureSize: vec2i,
  textureStart: u32,
  // Which pieces.
  firstPiece: u32,
  endPiece: u32,
  // 0: alpha, 1: MaskInv's formula modulo 256.
  blend: u32,
  // Factors per side, 0 for even light.
  lightSize: u32,
  lightStart: u32,
  // Gains, or snapped offsets.
  color: vec3f,
}

struct Piece {
  origin: vec2i,
  size: vec2i,
  // Inside is where all three numbers of edges * (x, y, 1) are at least -params.edge.
  edges: mat3x3f,
  // The map to the texture, projective.
  toTexture: mat3x3f,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> layers: array<Layer>;
@group(0) @binding(2) var<storage, read> pieces: array<Piece>;
@group(0) @binding(3) var<storage, read> texels: array<u32>;
@group(0) @binding(4) var<storage, read> lights: array<f32>;
@group(0) @binding(5) var<storage, read_write> picture: array<u32>;

const NOWHERE = vec2f(-9.0);

// Where the first piece that covers a picture pixel has its texture.
fn place(layer: Layer, pixel: vec2i) -> vec2f {
  for (var i = layer.firstPiece; i < layer.endPiece; i++) {
    let at = pixel - pieces[i].origin;
    if (any(at < vec2i(0)) || any(at >= pieces[i].size)) {
      continue;
    }
    let point = vec3f(vec2f(at), 1.0);
    let inside = pieces[i].edges * point;
    if (min(inside.x, min(inside.y, inside.z)) < -params.edge) {
      continue;
    }
    let mapped = pieces[i].toTexture * point;
    if (abs(mapped.z) < 1e-30) {
      return NOWHERE;
    }
    return mapped.xy / mapped.z;
  }
  return NOWHERE;
}

// 0..255 as they are stored; zero outside.
fn texel(layer: Layer, at: vec2i) -> vec4f {
  if (any(at < vec2i(0)) || any(at >= layer.textureSize)) {
    return vec4f(0.0);
  }
  return bytes(texels[layer.textureStart + u32(at.y * layer.textureSize.x + at.x)]);
}

fn bytes(packed: u32) -> vec4f {
  return vec4f((vec4u(packed) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u));
}

fn multiplied(color: vec4f) -> vec4f {
  return vec4f(color.rgb * color.a / 255.0, color.a);
}

fn gridPlace(place: f32, length: i32, size: u32) -> f32 {
  return clamp(place / f32(max(length - 1, 1)), 0.0, 1.0) * f32(size - 1u);
}

fn light(layer: Layer, point: vec2f) -> f32 {
  let size = layer.lightSize;
  if (size == 0u) {
    return 1.0;
  }
  let x = gridPlace(point.x, layer.textureSize.x, size);
  let y = gridPlace(point.y, layer.textureSize.y, size);
  let left = u32(x);
  let top = u32(y);
  let right = min(left + 1u, size - 1u);
  let upper = layer.lightStart + top * size;
  let lower = layer.lightStart + min(top + 1u, size - 1u) * size;
  return mix(
    mix(lights[upper + left], lights[upper + right], fract(x)),
    mix(lights[lower + left], lights[lower + right], fract(x)),
    fract(y),
  );
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let layer = layers[id.z];
  if (any(vec2i(id.xy) >= layer.size)) {
    return;
  }
  let pixel = layer.origin + vec2i(id.xy);
  let point = place(layer, pixel);
  if (!(all(point > vec2f(-1.0)) && all(point < vec2f(layer.textureSize)))) {
    return;
  }
  let whole = floor(point);
  let part = point - whole;
  let at = vec2i(whole);
  var t00 = texel(layer, at);
  var t01 = texel(layer, at + vec2i(1, 0));
  var t10 = texel(layer, at + vec2i(0, 1));
  var t11 = texel(layer, at + vec2i(1, 1));
  if (layer.blend == 0u) {
    t00 = multiplied(t00);
    t01 = multiplied(t01);
    t10 = multiplied(t10);
    t11 = multiplied(t11);
  }
  let color = mix(mix(t00, t01, part.x), mix(t10, t11, part.x), part.y);
  if (color.a == 0.0) {
    return;
  }
  let to = u32(pixel.y) * params.pictureWidth + u32(pixel.x);
  let under = bytes(picture[to]);
  var result: vec3i;
  if (layer.blend == 0u) {
    let over = color.rgb * layer.color * light(layer, point);
    let level = over + (1.0 - color.a / 255.0) * under.rgb;
    result = vec3i(clamp(floor(level + 0.5), vec3f(0.0), vec3f(255.0)));
  } else {
    let snapped = vec4i(floor(color * params.snap + 0.5));
    let one = 255 * i32(params.snap);
    let rest = one - snapped.a;
    let level = snapped.a * (rest - snapped.rgb + vec3i(layer.color)) +
      rest * i32(params.snap) * vec3i(under.rgb);
    result = (level / (one * i32(params.snap))) & vec3i(255);
  }
  let packed = vec3u(result);
  picture[to] = packed.x | (packed.y << 8u) | (packed.z << 16u) | (picture[to] & 0xff000000u);
}
