// Where a report comes from: what has to be the same for its numbers to come out again.

import { VERSION } from "../../base/version.ts";
import type { Evaluation } from "../run/evaluation.ts";

/** What made a report, by name. */
export type ReportOrigin = Readonly<Record<string, string>>;

/** The versions behind an evaluation of this process, and the whole SHA-256 of each model. */
export async function originOf({ models, run }: Evaluation): Promise<ReportOrigin> {
  const { env } = await import("npm:onnxruntime-web@1.30.0");
  const { Deno: deno, process } = globalThis as {
    Deno?: { readonly version: { readonly deno: string }; readonly build: { target: string } };
    process?: { readonly version: string; readonly platform: string; readonly arch: string };
  };
  const host = deno
    ? `Deno ${deno.version.deno}, ${deno.build.target}`
    : process
    ? `Node.js ${process.version}, ${process.platform} ${process.arch}`
    : "unknown";
  return {
    maskinv: VERSION,
    host,
    "onnxruntime-web": `${env.versions.web ?? env.versions.common}, on ${run.device}`,
    ...Object.fromEntries(models.map(({ label, sha256 }) => [`model ${label}`, sha256])),
  };
}
