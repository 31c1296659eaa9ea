// The fixed centres of a loss: what the teacher makes of each person, on the mean of all photos.

import type { TemplateBank } from "../data/data.ts";

/** `[classes, size]`, rows of length 1: the mean of the templates of each class. */
export function centreTable(
  { templates, classes }: TemplateBank,
): { shape: number[]; values: Float32Array<ArrayBuffer> } {
  const size = templates.length / classes.length;
  const count = classes.reduce((largest, at) => Math.max(largest, at + 1), 0);
  const values = new Float32Array(count * size);
  classes.forEach((at, photo) => {
    for (let i = 0; i < size; i++) values[at * size + i] += templates[photo * size + i];
  });
  for (let at = 0; at < values.length; at += size) {
    let squares = 0;
    for (let i = at; i < at + size; i++) squares += values[i] ** 2;
    const length = Math.sqrt(squares) || 1;
    for (let i = at; i < at + size; i++) values[i] /= length;
  }
  return { shape: [count, size], values };
}
