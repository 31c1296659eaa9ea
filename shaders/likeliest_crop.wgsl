// Finds the likeliest cell in a detector's maps of each picture, and says where the crop around its box lies in the photo;
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
