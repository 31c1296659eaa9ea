// The k largest scores of each row, best first, equal scores in the order of their index; see src/kernels/top_k/cpu.ts.
// One pass turns every 1,024 candidates of a row into their k best; the host repeats it until one chunk is left.
// One workgroup per chunk, (score, index) pairs in workgroup memory, 4 per thread. A bitonic sort makes runs of `keep`
// (k rounded up to a power of two), by turns best first and worst first. The better of the i-th of two neighbours, for
// all i, are the best of both and again bitonic: merging halves the runs until one is left (Shanbhag et al., "Efficient
// Top-K Query Processing on Massively Parallel Hardware", 2018).
// Bindings: 0 params; 1 the scores of the candidates, [rows, columns]; 2 their indices, of the same shape (not read in
// the first pass, where the index is the column); 3 and 4 the best scores and indices, [rows, chunks * k]; 5 and 6 gain and
// offset of each row and of each column, [rows, 2] and [columns, 2], which turn cosines into the scores that are ranked if
// `normalized` is not 0, as it may be in the first pass only.

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

// Puts two pairs in order: the better one first if `bestFirst`, else last.
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
  // Sort runs of `keep`.
  for (var run = 2u; run <= keep; run *= 2u) {
    for (var gap = run / 2u; gap > 0u; gap /= 2u) {
      workgroupBarrier();
      for (var pair = thread; pair < width / 2u; pair += THREADS) {
        let low = pair / gap * gap * 2u + pair % gap;
        order(low, low + gap, (low & run) == 0u);
      }
    }
  }
  // Merge neighbours, `spacing` apart, into the place of the first.
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
