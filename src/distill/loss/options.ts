// Parts of a loss that know the teacher's templates of more than one photo.

/**
 * Softmax over fixed centres, the teacher's mean template of each person (of each photo where nobody knows whose it is),
 * with an angular margin as in ArcFace (Deng et al. 2019, arXiv 1801.07698).
 */
export interface CentresOptions {
  /** Weight in the loss. */
  readonly weight: number;
  /** What is added to the angle to the true centre, in radians. */
  readonly margin: number;
  /** What cosines are divided by, above 0: the smaller, the more the nearest strangers count. */
  readonly temperature: number;
  /** Centres of a cosine above this to the true one, -1 to 1, are left out: they may be the same person. */
  readonly alike: number;
}

/**
 * Mean squared difference of the cosines of all pairs of a batch and the teacher's
 * (Tung and Mori 2019, "Similarity-preserving knowledge distillation", arXiv 1907.09682, with cosines).
 */
export interface RelationalOptions {
  /** Weight in the loss. */
  readonly weight: number;
}
