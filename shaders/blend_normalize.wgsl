// Adds each embedding and its mirror image's, and scales the sum to length 1; see src/kernels/blend_normalize/cpu.ts.
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
