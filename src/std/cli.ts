// The part of @std/cli that maskinv uses, over node:util, for machines that cannot reach JSR.
// Same name and signature; deno.jsr.json has the real one in its place.

import { parseArgs as parseTokens } from "node:util";

/** The options of {@linkcode parseArgs} that are supported here. */
export interface ParseOptions<S extends string = string, B extends string = string> {
  /** Options that take a text; `"_"` keeps positional arguments as texts. */
  readonly string?: readonly S[];
  /** Options that take none; false unless given. */
  readonly boolean?: readonly B[];
  /** Values of options that are not given. */
  readonly default?: Readonly<Record<string, unknown>>;
  /** One-letter names of options. */
  readonly alias?: Readonly<Record<string, string>>;
  /** Called for arguments that are not declared; false drops them. */
  readonly unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** What {@linkcode parseArgs} returns: a property per option, and `_` with the other arguments. */
export type Args<S extends string = never, B extends string = never> =
  & { [K in B]: boolean }
  & { [K in Exclude<S, "_">]?: string }
  & { [name: string]: unknown; _: string[] };

/** Parses arguments: `--a=b`, `--a b`, `--a`, `-a`, and `--` before the rest. */
export function parseArgs<S extends string = never, B extends string = never>(
  args: string[],
  options: ParseOptions<S, B> = {},
): Args<S, B> {
  const { string = [], boolean = [], default: defaults = {}, alias = {}, unknown } = options;
  const known = new Map<string, { type: "string" | "boolean"; short?: string }>();
  for (const name of string) {
    if (name !== "_") known.set(name, { type: "string", ...short(alias[name]) });
  }
  for (const name of boolean) known.set(name, { type: "boolean", ...short(alias[name]) });
  const { tokens } = parseTokens({
    args,
    options: Object.fromEntries(known),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const parsed: Record<string, unknown> & { _: string[] } = {
    ...Object.fromEntries(boolean.map((name) => [name, false])),
    ...defaults,
    _: [],
  };
  for (const token of tokens) {
    if (token.kind === "positional") {
      if (unknown?.(token.value) !== false) parsed._.push(token.value);
    } else if (token.kind === "option") {
      const { name, rawName, value } = token;
      const type = known.get(name)?.type;
      if (!type && unknown?.(rawName, name, value ?? true) === false) continue;
      if (type === "boolean") parsed[name] = value !== "false";
      else parsed[name] = value ?? (type === "string" ? "" : true);
    }
  }
  return parsed as Args<S, B>;
}

function short(letter: string | undefined): { short?: string } {
  return letter === undefined ? {} : { short: letter };
}
