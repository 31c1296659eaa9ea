// Where the server is found, and who may ask it from a page of another origin. Both are checked when it is made.

import type { cors } from "npm:hono@4.13.19/cors";
import { InvalidArgumentError } from "../base/errors.ts";

/** The options of hono's middleware: pages of these origins may send keys and bodies, and read when to come back. */
export function corsOptions(origins: readonly string[]): NonNullable<Parameters<typeof cors>[0]> {
  const bad = origins.find((origin) => origin !== "*" && !isOrigin(origin));
  if (bad !== undefined || origins.length === 0) {
    throw new InvalidArgumentError(
      `Cannot allow the origin ${
        JSON.stringify(bad ?? "")
      }: give scheme, host and port alone, such as ` +
        `https://example.com, or *`,
    );
  }
  return {
    origin: origins.includes("*") ? "*" : [...origins],
    allowMethods: ["GET", "HEAD", "POST"],
    allowHeaders: ["authorization", "content-type", "x-api-key"],
    exposeHeaders: ["retry-after"],
    maxAge: 3600,
  };
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

/** A prefix of paths, or none. */
export function checkPrefix(prefix: string): string {
  if (prefix === "" || /^(\/[\w.~-]+)+$/.test(prefix)) return prefix;
  throw new InvalidArgumentError(
    `Cannot serve below ${
      JSON.stringify(prefix)
    }: give a path such as /faces, without a slash at its end`,
  );
}
