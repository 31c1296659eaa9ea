// What goes wrong in a request, as RFC 9457 problem documents: one type URI per cause, which leads to the docs page.
// Clients are told what they can mend; of faults of our own only that there was one.

import * as v from "npm:valibot@1.5.0";
import {
  ImageDecodeError,
  ImageTooLargeError,
  InvalidArgumentError,
  MaskinvError,
  TemplateMismatchError,
} from "../base/errors.ts";
import { GalleryLockedError, GalleryStoreError } from "../gallery/errors.ts";

/** Every type of problem: its status and its title, which do not vary. */
export const PROBLEMS = {
  "invalid-request": [400, "The request is not as the documentation says"],
  "unauthorized": [401, "There is no valid API key"],
  "not-found": [404, "There is nothing here"],
  "no-gallery": [404, "This server has no gallery"],
  "method-not-allowed": [405, "The method is not allowed here"],
  "body-too-slow": [408, "The body did not arrive in time"],
  "template-mismatch": [409, "The gallery was made with another model"],
  "body-too-large": [413, "The body is too large"],
  "image-too-large": [413, "A picture is too large"],
  "unsupported-media-type": [415, "The body is of no known type"],
  "image-not-decodable": [422, "A picture cannot be decoded"],
  "no-face-for-mask": [422, "There is no face to put a mask on"],
  "not-comparable": [422, "A face cannot be compared"],
  "not-enrolled": [422, "The photo was not enrolled"],
  "too-many-requests": [429, "There were too many requests"],
  "client-closed": [499, "The client has gone"],
  "internal": [500, "Something failed in the server"],
  "overloaded": [503, "The server has too much to do"],
  "gallery-unavailable": [503, "The gallery cannot be reached"],
  "too-slow": [503, "The answer took too long"],
  "shutting-down": [503, "The server is shutting down"],
} as const satisfies Record<string, readonly [status: number, title: string]>;

/** A type of problem; its URI is `/docs#` and this name, below the prefix if there is one. */
export type ProblemType = keyof typeof PROBLEMS;

/** The schema of a problem document; further members are those of the result that was refused. */
export function problemSchema(prefix = ""): v.GenericSchema {
  const types = Object.keys(PROBLEMS) as ProblemType[];
  return v.looseObject({
    type: v.picklist(types.map((type) => `${prefix}/docs#${type}`)),
    title: v.string(),
    status: v.pipe(v.number(), v.integer()),
    detail: v.pipe(v.string(), v.description("what was seen this time, and the remedy")),
  });
}

/** A request that cannot be answered as asked, and what the client is told about it. */
export class ProblemError extends MaskinvError {
  /** Always `"ProblemError"`. */
  override readonly name = "ProblemError";
  /** Which of {@linkcode PROBLEMS}. */
  readonly type: ProblemType;
  /** Headers of the response, such as `Retry-After`. */
  readonly headers: Readonly<Record<string, string>>;
  /** More members of the document. */
  readonly members: Readonly<Record<string, unknown>>;

  /** Makes the problem of a type; `detail` tells this occurrence to the client. */
  constructor(
    type: ProblemType,
    detail: string,
    more: {
      readonly headers?: Readonly<Record<string, string>>;
      readonly members?: Readonly<Record<string, unknown>>;
      readonly cause?: unknown;
    } = {},
  ) {
    super(detail, { cause: more.cause });
    this.type = type;
    this.headers = more.headers ?? {};
    this.members = more.members ?? {};
  }
}

/** The problem that an error is to the client; what it says of a fault of our own is not passed on. */
export function asProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const { name, message } = error as Error;
  const cause = { cause: error };
  if (error instanceof InvalidArgumentError) return new ProblemError("invalid-request", message);
  if (error instanceof ImageDecodeError) return new ProblemError("image-not-decodable", message);
  if (error instanceof ImageTooLargeError) {
    // The remedy of the message is an option of the library, which the client has not.
    const [seen] = message.split(/: pass max\w+ /);
    return new ProblemError("image-too-large", `${seen}: send a smaller picture`);
  }
  if (error instanceof TemplateMismatchError) {
    return new ProblemError(
      "template-mismatch",
      "Cannot compare with the gallery as its templates come from another model or protection: " +
        "ask the operator to enrol anew",
      cause,
    );
  }
  if (error instanceof GalleryLockedError || error instanceof GalleryStoreError) {
    return new ProblemError(
      "gallery-unavailable",
      "Cannot use the gallery at the moment: try again later",
      { ...cause, headers: { "retry-after": "5" } },
    );
  }
  if (name === "AbortError") {
    return new ProblemError("client-closed", "The client has closed the connection", cause);
  }
  return new ProblemError(
    "internal",
    "Cannot answer as something failed in the server: try again later, or tell the operator",
    cause,
  );
}

/** The response of a problem: `application/problem+json`; its type is below the prefix, if there is one. */
export function problemResponse(problem: ProblemError, prefix = ""): Response {
  const [status, title] = PROBLEMS[problem.type];
  const { message: detail, members, headers } = problem;
  const document = { type: `${prefix}/docs#${problem.type}`, title, status, detail, ...members };
  return new Response(JSON.stringify(document), {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...headers,
    },
  });
}
