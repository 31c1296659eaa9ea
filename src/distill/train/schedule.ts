// The learning rate over a training.

/** Rises evenly, then falls as half a cosine to `last` times the rate. */
export interface CosineSchedule {
  /** Which it is. */
  readonly kind: "cosine";
  /** Steps in which the rate rises. */
  readonly warmUp: number;
  /** The last rate as a share of the highest; by default 0. */
  readonly last?: number;
}

/** Multiplied by a factor at given steps. */
export interface StairsSchedule {
  /** Which it is. */
  readonly kind: "stairs";
  /** Steps before which the rate falls. */
  readonly at: readonly number[];
  /** By which it falls; 0.1 in the paper. */
  readonly factor: number;
}

/** How the learning rate changes. */
export type Schedule = CosineSchedule | StairsSchedule;

/** The share of the highest rate at a step, 0 to `steps - 1`. */
export function rateAt(schedule: Schedule, step: number, steps: number): number {
  if (schedule.kind === "stairs") {
    return schedule.factor ** schedule.at.filter((stair) => step >= stair).length;
  }
  const { warmUp, last = 0 } = schedule;
  if (step < warmUp) return (step + 1) / warmUp;
  const way = (step - warmUp) / Math.max(1, steps - warmUp);
  return last + (1 - last) * 0.5 * (1 + Math.cos(Math.PI * way));
}
