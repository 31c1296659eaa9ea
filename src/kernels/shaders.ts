// The WGSL kernels as text: GENERATED from shaders/*.wgsl, so edit those.
// Run: deno run --allow-read --allow-write=src/kernels src/kernels/generate_shaders.ts

/** shaders/blend_normalize.wgsl */
export const blendNormalize: string = `// Adds each embedding and its mirror image's, and scales the sum to length 1; see src/kernels/blend_normalize/cpu.ts.
// One workgroup per row: each thread sums the squares of every 64th number, then a tree adds the 64 sums.
// Bindings: 0 params; 1 the embeddings, [rows, dim], or [2 rows, dim] with the mirror images in the second half;
// 2 the templates, [rows, dim].

struct Params {
  rows: u32,
  dim: u32,
  mirrored: u32,
}

const THREADS = 64u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> embeddings: array<f32>;
@group(0) @binding(2) var<storage, read_write> templates: array<f32>;

var<workgroup> squares: array<f32, THREADS>;

fn blend(at: u32) -> f32 {
  if (params.mirrored == 0u) {
    return embeddings[at];
  }
  return embeddings[at] + embeddings[params.rows * params.dim + at];
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  // More rows than a dimension has workgroups go on in y.
  let row = group.y * groups.x + group.x;
  if (row >= params.rows) {
    return;
  }
  let start = row * params.dim;
  var sum = 0.0;
  for (var i = thread; i < params.dim; i += THREADS) {
    let value = blend(start + i);
    sum += value * value;
  }
  squares[thread] = sum;
  for (var reach = THREADS / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (thread < reach) {
      squares[thread] += squares[thread + reach];
    }
  }
  workgroupBarrier();
  let total = squares[0];
  // max() may drop a NaN, which must spread over the row instead; the bits tell, as compilers may assume x == x.
  let isNan = (bitcast<u32>(total) & 0x7fffffffu) > 0x7f800000u;
  let gain = select(1.0 / max(sqrt(total), 1e-12), total, isNan);
  for (var i = thread; i < params.dim; i += THREADS) {
    templates[start + i] = blend(start + i) * gain;
  }
}
`;

/** shaders/cosine_matrix.wgsl */
export const cosineMatrix: string = `// Comparison scores of all probes with all references: inner products of rows of length 1; see src/kernels/cosine_matrix/cpu.ts.
// Two entry points for two shapes; both read device memory in order whatever \`dim\` is:
// - \`few\`: one workgroup per 128 references (x) and probe (y). Eight threads share a reference, each taking every eighth
//   number; a thread does so for 4 references, so that a probe's number is read once for all. Bound by memory bandwidth.
// - \`many\`: one workgroup per 64 references (x) and 64 probes (y), with tiles of both in workgroup memory; one thread
//   per 4 x 4 scores. Bound by arithmetic.
// References may be a window of all references, as a binding is smaller than a buffer.
// Bindings: 0 params; 1 the probes, [probes, dim]; 2 the references of the window, [references, dim];
// 3 the scores of all references, [probes, columns]; 4 and 5 gain and offset of each probe and of each reference of the
// window, [rows, 2], read if \`normalized\` is not 0.

struct Params {
  probes: u32,
  references: u32,
  dim: u32,
  // The window's references are the columns from \`firstColumn\` on.
  firstColumn: u32,
  columns: u32,
  normalized: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> probes: array<f32>;
@group(0) @binding(2) var<storage, read> references: array<f32>;
@group(0) @binding(3) var<storage, read_write> scores: array<f32>;
@group(0) @binding(4) var<storage, read> probeRows: array<f32>;
@group(0) @binding(5) var<storage, read> referenceRows: array<f32>;

// The score of a probe with a reference of the window.
fn scoreOf(cosine: f32, probe: u32, reference: u32) -> f32 {
  if (params.normalized == 0u) {
    return cosine;
  }
  let gain = probeRows[2u * probe] + referenceRows[2u * reference];
  let offset = probeRows[2u * probe + 1u] + referenceRows[2u * reference + 1u];
  return cosine * gain + offset;
}

const LANES = 8u;
const GROUPS = 32u;
const FEW_ROWS = 4u * GROUPS;

var<workgroup> partial: array<vec4f, GROUPS * LANES>;

@compute @workgroup_size(256)
fn few(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let firstRow = group.x * FEW_ROWS;
  // The thread's references are 32 rows apart. Rows past the end are read at the last row, and not written.
  let rows = firstRow + thread / LANES + GROUPS * vec4u(0u, 1u, 2u, 3u);
  let starts = min(rows, vec4u(params.references - 1u)) * params.dim;
  let probe = group.y * params.dim;
  var sums = vec4f(0.0);
  for (var k = thread % LANES; k < params.dim; k += LANES) {
    let at = starts + k;
    let four = vec4f(references[at.x], references[at.y], references[at.z], references[at.w]);
    sums += probes[probe + k] * four;
  }
  partial[thread] = sums;
  workgroupBarrier();
  // Neighbouring threads write neighbouring scores: thread t those of row t, whose sums are in one slot of 8 vectors.
  let row = firstRow + thread;
  if (thread < FEW_ROWS && row < params.references) {
    var sum = 0.0;
    for (var lane = 0u; lane < LANES; lane++) {
      sum += partial[thread % GROUPS * LANES + lane][thread / GROUPS];
    }
    scores[group.y * params.columns + params.firstColumn + row] = scoreOf(sum, group.y, row);
  }
}

const TILE = 64u;
const DEPTH = 16u;
// Vectors of four rows per depth, and one more so that threads do not meet in one memory bank.
const STRIDE = TILE / 4u + 1u;

var<workgroup> referenceTile: array<vec4f, DEPTH * STRIDE>;
var<workgroup> probeTile: array<vec4f, DEPTH * STRIDE>;

fn fourReferences(row: u32, k: u32) -> vec4f {
  let at = min(row + vec4u(0u, 1u, 2u, 3u), vec4u(params.references - 1u)) * params.dim + k;
  return vec4f(references[at.x], references[at.y], references[at.z], references[at.w]);
}

fn fourProbes(row: u32, k: u32) -> vec4f {
  let at = min(row + vec4u(0u, 1u, 2u, 3u), vec4u(params.probes - 1u)) * params.dim + k;
  return vec4f(probes[at.x], probes[at.y], probes[at.z], probes[at.w]);
}

fn writeScores(row: u32, column: u32, four: vec4f) {
  if (row < params.probes) {
    for (var j = 0u; j < min(4u, params.references - min(column, params.references)); j++) {
      let score = scoreOf(four[j], row, column + j);
      scores[row * params.columns + params.firstColumn + column + j] = score;
    }
  }
}

@compute @workgroup_size(16, 16)
fn many(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let firstReference = group.x * TILE;
  let firstProbe = group.y * TILE;
  var sum0 = vec4f(0.0);
  var sum1 = vec4f(0.0);
  var sum2 = vec4f(0.0);
  var sum3 = vec4f(0.0);
  for (var start = 0u; start < params.dim; start += DEPTH) {
    // Neighbouring threads load neighbouring numbers of four rows.
    let k = start + local.x;
    let to = local.x * STRIDE + local.y;
    referenceTile[to] = vec4f(0.0);
    probeTile[to] = vec4f(0.0);
    if (k < params.dim) {
      referenceTile[to] = fourReferences(firstReference + local.y * 4u, k);
      probeTile[to] = fourProbes(firstProbe + local.y * 4u, k);
    }
    workgroupBarrier();
    for (var depth = 0u; depth < DEPTH; depth++) {
      let four = referenceTile[depth * STRIDE + local.x];
      let probe = probeTile[depth * STRIDE + local.y];
      sum0 += probe.x * four;
      sum1 += probe.y * four;
      sum2 += probe.z * four;
      sum3 += probe.w * four;
    }
    workgroupBarrier();
  }
  let row = firstProbe + local.y * 4u;
  let column = firstReference + local.x * 4u;
  writeScores(row, column, sum0);
  writeScores(row + 1u, column, sum1);
  writeScores(row + 2u, column, sum2);
  writeScores(row + 3u, column, sum3);
}
`;

/** shaders/letterbox.wgsl */
export const letterbox: string = `// Fits a whole photo into a detector's square input, turned by quarters, at its place in a batch; see src/kernels/letterbox/cpu.ts for the definition.
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
  // Square pixels from \`insideFirst\` up to before \`insideEnd\` touch the photo.
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

// The share of pixel \`at\` in the footprint low..high; the first and last pixel of the photo reach beyond the border.
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
`;

/** shaders/likeliest_crop.wgsl */
export const likeliestCrop: string = `// Finds the likeliest cell in a detector's maps of each picture, and says where the crop around its box lies in the photo;
// see src/kernels/likeliest_crop/cpu.ts for the definition.
// One workgroup per picture (x): its threads share the cells of the three maps, the first then computes the crop.
// Coordinates are pixels, centres at integers; turns are clockwise.
// Bindings: 0 params; 1..3 the maps of strides 8, 16 and 32, [n, 16, rows, columns] or [n, rows, columns, 16]; 4 how each
// photo lies in its picture; 5 the crops, in the form that warp_affine reads.

struct Params {
  // Width and height of the pictures.
  size: u32,
  channelsLast: u32,
  // Width and height of the crops, and their side over the longer side of the box.
  cropSize: f32,
  room: f32,
}

struct Picture {
  // Borders before the photo, and pixels of the picture per photo pixel.
  pad: vec2f,
  scale: f32,
}

struct CropMap {
  linear: vec4f,
  fraction: vec2f,
  origin: vec2f,
  side: f32,
  slot: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> fine: array<f32>;
@group(0) @binding(2) var<storage, read> middle: array<f32>;
@group(0) @binding(3) var<storage, read> coarse: array<f32>;
@group(0) @binding(4) var<storage, read> pictures: array<Picture>;
@group(0) @binding(5) var<storage, read_write> crops: array<CropMap>;

const THREADS = 64u;
const CHANNELS = 16u;
const FAR = 1e9;
// As in src/kernels/crop_maps.ts.
const SHRINK_LIMIT = 1.5;
const MAX_SAMPLES = 64.0;

var<workgroup> bestScore: array<f32, THREADS>;
// Cells are numbered through all maps.
var<workgroup> bestCell: array<u32, THREADS>;

fn columnsOf(level: u32) -> u32 {
  return params.size / (8u << level);
}

fn value(level: u32, picture: u32, cell: u32, channel: u32) -> f32 {
  let cells = columnsOf(level) * columnsOf(level);
  let planar = (picture * CHANNELS + channel) * cells + cell;
  let index = select(planar, (picture * cells + cell) * CHANNELS + channel, params.channelsLast != 0u);
  switch level {
    case 0u: { return fine[index]; }
    case 1u: { return middle[index]; }
    default: { return coarse[index]; }
  }
}

fn sigmoid(logit: f32) -> f32 {
  // Beyond this f32 has nothing but 0 and 1, and exp would overflow.
  return 1.0 / (1.0 + exp(clamp(-logit, -80.0, 80.0)));
}

// Where a cell's pair of channels points, in pixels of the picture, between pixel edges.
fn place(level: u32, picture: u32, cell: u32, channel: u32) -> vec2f {
  let columns = columnsOf(level);
  let corner = vec2f(f32(cell % columns), f32(cell / columns));
  let offset = vec2f(value(level, picture, cell, channel), value(level, picture, cell, channel + 1u));
  return (corner + offset) * f32(8u << level);
}

fn cropOf(picture: u32, numbered: u32) -> CropMap {
  var level = 0u;
  var cell = numbered;
  while (level < 2u && cell >= columnsOf(level) * columnsOf(level)) {
    cell -= columnsOf(level) * columnsOf(level);
    level++;
  }
  let placed = pictures[picture];
  let extent = max(value(level, picture, cell, 4u), value(level, picture, cell, 5u));
  let longer = exp(clamp(extent, -20.0, 20.0)) * f32(8u << level);
  let step = params.room * longer / placed.scale / params.cropSize;
  let eyes = place(level, picture, cell, 8u) - place(level, picture, cell, 6u);
  let distance = length(eyes);
  var across = vec2f(1.0, 0.0);
  if (distance > 0.0) {
    across = eyes / distance;
  }
  let box = place(level, picture, cell, 2u);
  let centre = clamp((box - placed.pad) / placed.scale - 0.5, vec2f(-FAR), vec2f(FAR));
  var crop: CropMap;
  crop.linear = step * vec4f(across.x, -across.y, across.y, across.x);
  crop.origin = floor(centre);
  crop.fraction = centre - crop.origin;
  crop.side = select(1.0, min(ceil(step), MAX_SAMPLES), step > SHRINK_LIMIT);
  crop.slot = f32(picture);
  return crop;
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let picture = group.x;
  var score = -1.0;
  var found = 0u;
  var before = 0u;
  for (var level = 0u; level < 3u; level++) {
    let cells = columnsOf(level) * columnsOf(level);
    for (var cell = thread; cell < cells; cell += THREADS) {
      let here = sigmoid(value(level, picture, cell, 0u)) * sigmoid(value(level, picture, cell, 1u));
      if (here > score) {
        score = here;
        found = before + cell;
      }
    }
    before += cells;
  }
  bestScore[thread] = score;
  bestCell[thread] = found;
  workgroupBarrier();
  if (thread != 0u) {
    return;
  }
  for (var other = 1u; other < THREADS; other++) {
    let tied = bestScore[other] == score && bestCell[other] < found;
    if (bestScore[other] > score || tied) {
      score = bestScore[other];
      found = bestCell[other];
    }
  }
  crops[picture] = cropOf(picture, found);
}
`;

/** shaders/mask_overlay.wgsl */
export const maskOverlay: string = `// Draws masks on a picture in place; see src/kernels/mask_overlay/cpu.ts for the definition.
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
`;

/** shaders/top_k.wgsl */
export const topK: string = `// The k largest scores of each row, best first, equal scores in the order of their index; see src/kernels/top_k/cpu.ts.
// One pass turns every 1,024 candidates of a row into their k best; the host repeats it until one chunk is left.
// One workgroup per chunk, (score, index) pairs in workgroup memory, 4 per thread. A bitonic sort makes runs of \`keep\`
// (k rounded up to a power of two), by turns best first and worst first. The better of the i-th of two neighbours, for
// all i, are the best of both and again bitonic: merging halves the runs until one is left (Shanbhag et al., "Efficient
// Top-K Query Processing on Massively Parallel Hardware", 2018).
// Bindings: 0 params; 1 the scores of the candidates, [rows, columns]; 2 their indices, of the same shape (not read in
// the first pass, where the index is the column); 3 and 4 the best scores and indices, [rows, chunks * k]; 5 and 6 gain and
// offset of each row and of each column, [rows, 2] and [columns, 2], which turn cosines into the scores that are ranked if
// \`normalized\` is not 0, as it may be in the first pass only.

struct Params {
  rows: u32,
  columns: u32,
  k: u32,
  // Chunks per row.
  chunks: u32,
  firstPass: u32,
  normalized: u32,
}

const CHUNK = 1024u;
const THREADS = 256u;
// Sorts behind all scores: the lowest f32, and the highest index.
const NO_SCORE = -3.40282346e38;
const NO_INDEX = 0xffffffffu;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> scores: array<f32>;
@group(0) @binding(2) var<storage, read> indices: array<u32>;
@group(0) @binding(3) var<storage, read_write> bestScores: array<f32>;
@group(0) @binding(4) var<storage, read_write> bestIndices: array<u32>;
@group(0) @binding(5) var<storage, read> rowValues: array<f32>;
@group(0) @binding(6) var<storage, read> columnValues: array<f32>;

var<workgroup> score: array<f32, CHUNK>;
var<workgroup> index: array<u32, CHUNK>;

fn isBefore(a: u32, b: u32) -> bool {
  return score[a] > score[b] || (score[a] == score[b] && index[a] < index[b]);
}

fn copyPair(origin: u32, slot: u32) {
  score[slot] = score[origin];
  index[slot] = index[origin];
}

// Puts two pairs in order: the better one first if \`bestFirst\`, else last.
fn order(low: u32, high: u32, bestFirst: bool) {
  if (isBefore(high, low) == bestFirst) {
    let lowScore = score[low];
    let lowIndex = index[low];
    copyPair(high, low);
    score[high] = lowScore;
    index[high] = lowIndex;
  }
}

fn powerOfTwo(least: u32) -> u32 {
  var power = 1u;
  while (power < least) {
    power *= 2u;
  }
  return power;
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  // More chunks than a dimension has workgroups go on in y.
  let chunk = group.y * groups.x + group.x;
  if (chunk >= params.rows * params.chunks) {
    return;
  }
  let row = chunk / params.chunks;
  let firstColumn = chunk % params.chunks * CHUNK;
  let filled = min(CHUNK, params.columns - firstColumn);
  let keep = powerOfTwo(params.k);
  // Rows shorter than a chunk are filled up to the next power of two only.
  let width = powerOfTwo(max(filled, params.k));
  for (var i = thread; i < width; i += THREADS) {
    score[i] = NO_SCORE;
    index[i] = NO_INDEX;
    if (i < filled) {
      let source = row * params.columns + firstColumn + i;
      score[i] = scores[source];
      if (params.normalized != 0u) {
        let column = firstColumn + i;
        let gain = rowValues[2u * row] + columnValues[2u * column];
        let offset = rowValues[2u * row + 1u] + columnValues[2u * column + 1u];
        score[i] = score[i] * gain + offset;
      }
      if (params.firstPass != 0u) {
        index[i] = firstColumn + i;
      } else {
        index[i] = indices[source];
      }
    }
  }
  // Sort runs of \`keep\`.
  for (var run = 2u; run <= keep; run *= 2u) {
    for (var gap = run / 2u; gap > 0u; gap /= 2u) {
      workgroupBarrier();
      for (var pair = thread; pair < width / 2u; pair += THREADS) {
        let low = pair / gap * gap * 2u + pair % gap;
        order(low, low + gap, (low & run) == 0u);
      }
    }
  }
  // Merge neighbours, \`spacing\` apart, into the place of the first.
  for (var spacing = keep; spacing < width; spacing *= 2u) {
    let left = width / (2u * spacing) * keep;
    workgroupBarrier();
    for (var i = thread; i < left; i += THREADS) {
      let first = i / keep * 2u * spacing + i % keep;
      if (isBefore(first + spacing, first)) {
        copyPair(first + spacing, first);
      }
    }
    for (var gap = keep / 2u; gap > 0u; gap /= 2u) {
      workgroupBarrier();
      for (var pair = thread; pair < left / 2u; pair += THREADS) {
        let run = pair / (keep / 2u);
        let within = pair % (keep / 2u);
        let low = run * 2u * spacing + within / gap * gap * 2u + within % gap;
        order(low, low + gap, run % 2u == 0u);
      }
    }
  }
  workgroupBarrier();
  for (var i = thread; i < params.k; i += THREADS) {
    bestScores[chunk * params.k + i] = score[i];
    bestIndices[chunk * params.k + i] = index[i];
  }
}
`;

/** shaders/warp_affine.wgsl */
export const warpAffine: string = `// Cuts turned and scaled crops out of one photo; see src/kernels/warp_affine/cpu.ts for the definition.
// One thread per crop pixel (x, y) and map (z): it takes side x side bilinear samples, black outside of the photo, and
// writes their mean, and with \`mirrored\` also the same pixel of the mirror image.
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
`;
