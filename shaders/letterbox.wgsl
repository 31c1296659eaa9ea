// Fits a whole photo into a detector's square input, turned by quarters, at its place in a batch; see src/kernels/letterbox/cpu.ts for the definition.
// One thread per pixel of the square: it averages the photo pixels under its footprint, weighted by the covered area
// (bilinear when enlarging), with the border pixel filling in where the footprint hangs over the border.
// Coordinates are photo pixels counted from the photo's edge. Which rows and columns touch the photo comes from the
// host, as f32 could decide otherwise than the TypeScript kernel where an edge falls on a pixel centre.
// Bindings: 0 params; 1 the photo, one RGBA u32 per pixel; 2 the squares of the batch, normalised, [n, size, size, 3] or [n, 3, size, size].

struct Params {
  photoSize: vec2u,
  // The photo coordinate of the centre of the square's first pixel, and the photo pixels per square pixel.
  origin: vec2f,
  step: f32,
  // The side of the averaged area: max(1, step).
  footprint: f32,
  size: u32,
  pixelStride: u32,
  // Square pixels from `insideFirst` up to before `insideEnd` touch the photo.
  insideFirst: vec2u,
  insideEnd: vec2u,
  // Pixel (x, y) of the upright square is written at pixel first + x * stepX + y * stepY.
  first: u32,
  stepX: i32,
  stepY: i32,
  // Per channel R, G, B: where it goes, and what is done to its grey level.
  offset: vec3u,
  gain: vec3f,
  bias: vec3f,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> photo: array<u32>;
@group(0) @binding(2) var<storage, read_write> square: array<f32>;

// The share of pixel `at` in the footprint low..high; the first and last pixel of the photo reach beyond the border.
fn weight(at: u32, low: f32, high: f32, length: u32) -> f32 {
  let left = select(max(low, f32(at)), low, at == 0u);
  let right = select(min(high, f32(at + 1u)), high, at + 1u == length);
  return (right - left) / params.footprint;
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (any(id.xy >= vec2u(params.size))) {
    return;
  }
  var sum = vec3f(0.0);
  if (all(id.xy >= params.insideFirst) && all(id.xy < params.insideEnd)) {
    let middle = params.origin + vec2f(id.xy) * params.step;
    let low = middle - params.footprint / 2.0;
    let high = middle + params.footprint / 2.0;
    let first = vec2u(max(floor(low), vec2f(0.0)));
    let end = min(vec2u(ceil(high)), params.photoSize);
    for (var y = first.y; y < end.y; y++) {
      var row = vec3f(0.0);
      for (var x = first.x; x < end.x; x++) {
        let pixel = unpack4x8unorm(photo[y * params.photoSize.x + x]).rgb;
        row += weight(x, low.x, high.x, params.photoSize.x) * pixel;
      }
      sum += weight(y, low.y, high.y, params.photoSize.y) * row;
    }
  }
  let value = sum * 255.0 * params.gain + params.bias;
  let turned = i32(params.first) + i32(id.x) * params.stepX + i32(id.y) * params.stepY;
  let to = u32(turned) * params.pixelStride + params.offset;
  square[to.x] = value.x;
  square[to.y] = value.y;
  square[to.z] = value.z;
}
