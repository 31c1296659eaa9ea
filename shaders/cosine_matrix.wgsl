// Comparison scores of all probes with all references: inner products of rows of length 1; see src/kernels/cosine_matrix/cpu.ts.
// Two entry points for two shapes; both read device memory in order whatever `dim` is:
// - `few`: one workgroup per 128 references (x) and probe (y). Eight threads share a reference, each taking every eighth
//   number; a thread does so for 4 references, so that a probe's number is read once for all. Bound by memory bandwidth.
// - `many`: one workgroup per 64 references (x) and 64 probes (y), with tiles of both in workgroup memory; one thread
//   per 4 x 4 scores. Bound by arithmetic.
// References may be a window of all references, as a binding is smaller than a buffer.
// Bindings: 0 params; 1 the probes, [probes, dim]; 2 the references of the window, [references, dim];
// 3 the scores of all references, [probes, columns]; 4 and 5 gain and offset of each probe and of each reference of the
// window, [rows, 2], read if `normalized` is not 0.

struct Params {
  probes: u32,
  references: u32,
  dim: u32,
  // The window's references are the columns from `firstColumn` on.
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
