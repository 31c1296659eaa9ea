// Cuts turned and scaled crops out of one photo; see src/kernels/warp_affine/cpu.ts for the definition.
// One thread per crop pixel (x, y) and map (z): it takes side x side bilinear samples, black outside of the photo, and
// writes their mean, and with `mirrored` also the same pixel of the mirror image.
// Coordinates are pixels, centres at integers. f32 has 1/2000 pixel left at 8000, so maps give the photo point of the
// crop's centre as a whole number plus a fraction, and only what is relative to it is computed in f32.
// Bindings: 0 params; 1 the photo, one RGBA u32 per pixel; 2 the maps of its crops, written by the host
// or by another kernel; 3 the crops of all photos, normalised,
// [n, size, size, 3] or [n, 3, size, size], mirror images after all crops.

struct Params {
  photoSize: vec2i,
  size: u32,
  pixelStride: u32,
  // How many crops there are before the mirror images.
  crops: u32,
  mirrored: u32,
  // The first map of this photo.
  firstMap: u32,
  // Per channel R, G, B: where it goes, and what is done to its grey level.
  offset: vec3u,
  gain: vec3f,
  bias: vec3f,
}

struct CropMap {
  // The map without its translation: photo = vec2(dot(linear.xy, crop), dot(linear.zw, crop)).
  linear: vec4f,
  // The photo point of the crop's centre: origin + fraction.
  fraction: vec2f,
  origin: vec2f,
  // Samples per crop pixel in each direction.
  side: f32,
  // Which crop of the output.
  slot: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> photo: array<u32>;
@group(0) @binding(2) var<storage, read> maps: array<CropMap>;
@group(0) @binding(3) var<storage, read_write> crops: array<f32>;

fn pixel(at: vec2i) -> vec3f {
  if (any(at < vec2i(0)) || any(at >= params.photoSize)) {
    return vec3f(0.0);
  }
  return unpack4x8unorm(photo[u32(at.y * params.photoSize.x + at.x)]).rgb;
}

fn bilinear(point: vec2f, origin: vec2i) -> vec3f {
  let whole = floor(point);
  let part = point - whole;
  let at = vec2i(whole) + origin;
  if (any(at < vec2i(-1)) || any(at >= params.photoSize)) {
    return vec3f(0.0);
  }
  let top = mix(pixel(at), pixel(at + vec2i(1, 0)), part.x);
  let bottom = mix(pixel(at + vec2i(0, 1)), pixel(at + vec2i(1, 1)), part.x);
  return mix(top, bottom, part.y);
}

fn writePixel(slot: u32, x: u32, y: u32, value: vec3f) {
  let start = slot * params.size * params.size * 3u;
  let to = start + (y * params.size + x) * params.pixelStride + params.offset;
  crops[to.x] = value.x;
  crops[to.y] = value.y;
  crops[to.z] = value.z;
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (any(id.xy >= vec2u(params.size))) {
    return;
  }
  let map = maps[params.firstMap + id.z];
  let side = u32(map.side);
  let slot = u32(map.slot);
  let origin = vec2i(map.origin);
  // From the crop's centre to the corner of this pixel.
  let corner = vec2f(id.xy) - f32(params.size) / 2.0;
  var sum = vec3f(0.0);
  for (var j = 0u; j < side; j++) {
    for (var i = 0u; i < side; i++) {
      let crop = corner + (vec2f(vec2u(i, j)) + 0.5) / map.side;
      let turned = vec2f(dot(map.linear.xy, crop), dot(map.linear.zw, crop));
      sum += bilinear(turned + map.fraction, origin);
    }
  }
  let value = sum / (map.side * map.side) * 255.0 * params.gain + params.bias;
  writePixel(slot, id.x, id.y, value);
  if (params.mirrored != 0u) {
    writePixel(params.crops + slot, params.size - 1u - id.x, id.y, value);
  }
}
