// Parses command lines as parseArgs of @std/cli does, as far as the command line tool needs it.
// JSR is out of reach where this is built; where it is not, @std/cli can take this place.

/** Options of {@linkcode parseArgs}, as in @std/cli. */
export interface ParseOptions<
  S extends string = string,
  B extends string = string,
  C extends string = string,
> {
  /** Flags that take a text. `"_"` keeps positional arguments that look like numbers as texts. */
  readonly string?: S | readonly S[];
  /** Flags that take none; false unless given. */
  readonly boolean?: B | readonly B[];
  /** Flags that may be given again; their values come as an array. */
  readonly collect?: C | readonly C[];
  /** Values of flags that are not given. */
  readonly default?: Readonly<Record<string, unknown>>;
  /** Other names of flags. */
  readonly alias?: Readonly<Record<string, string | readonly string[]>>;
  /** Called for flags that are not declared and for positional arguments; false drops them. */
  readonly unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** What {@linkcode parseArgs} returns: a property a flag, and `_` with the other arguments. */
export type Args<S extends string = never, B extends string = never, C extends string = never> =
  & { [K in Exclude<B, C>]: boolean }
  & { [K in Exclude<S, C | "_">]?: string }
  & { [K in C]: K extends B ? boolean[] : string[] }
  & { [name: string]: unknown; _: "_" extends S ? string[] : (string | number)[] };

/** Parses arguments: `--a=b`, `--a b`, `--a`, `-a b`, `-abc`, `-n5`, and `--` before the rest. */
export function parseArgs<
  S extends string = never,
  B extends string = never,
  C extends string = never,
>(args: readonly string[], options: ParseOptions<S, B, C> = {}): Args<S, B, C> {
  const names = sameNames(options.alias ?? {});
  const spread = (flags: string | readonly string[] = []): Set<string> =>
    new Set([flags].flat().flatMap((flag) => names.get(flag) ?? [flag]));
  const strings = spread(options.string), booleans = spread(options.boolean);
  const collected = spread(options.collect);
  const parsed: Record<string, unknown> = {};
  const rest: (string | number)[] = [];

  function set(key: string, given: string | boolean, arg: string): void {
    const declared = strings.has(key) || booleans.has(key) || names.has(key);
    if (!declared && options.unknown?.(arg, key, given) === false) return;
    const value = booleans.has(key) && typeof given === "string"
      ? given !== "false"
      : strings.has(key)
      ? given === true ? "" : given
      : numberOr(given);
    for (const name of names.get(key) ?? [key]) {
      const before = Object.hasOwn(parsed, name) ? parsed[name] : undefined;
      const all = Array.isArray(before) ? [...before, value] : [value];
      define(parsed, name, collected.has(name) ? all : value);
    }
  }

  /** Sets a flag that has no value attached; returns how many arguments it took. */
  function setWithNext(key: string, arg: string, next: string | undefined): number {
    const flagLike = arg.startsWith("--") ? /^-/ : /^--?[^-]/;
    const takes = next !== undefined && next !== "" &&
      (booleans.has(key) ? /^(true|false)$/.test(next) : !flagLike.test(next));
    set(key, takes ? next : true, arg);
    return takes ? 2 : 1;
  }

  const end = args.includes("--") ? args.indexOf("--") : args.length;
  for (let i = 0; i < end;) {
    const arg = args[i], next = i + 1 < end ? args[i + 1] : undefined;
    const [, dashes, flag, value] = arg.match(/^(--?)([^=]+)(?:=([^]+))?/) ?? [];
    if (!flag) {
      const kept = options.unknown?.(arg) !== false;
      if (kept) rest.push(strings.has("_") ? arg : numberOr(arg) as string | number);
      i++;
    } else if (value !== undefined && (dashes === "--" || flag.length === 1)) {
      set(flag, value, arg);
      i++;
    } else if (dashes === "--" || flag.length === 1) {
      i += setWithNext(flag, arg, next);
    } else if (/^(.\W|[A-Za-z]-?\d+(\.\d*)?(e-?\d+)?$)/.test(flag)) {
      set(flag[0], flag.slice(1), arg);
      i++;
    } else {
      for (const letter of flag.slice(0, -1)) set(letter, true, arg);
      const last = flag.slice(-1);
      if (value === undefined) i += setWithNext(last, arg, next);
      else {
        set(last, value, arg);
        i++;
      }
    }
  }
  for (const [key, value] of Object.entries(options.default ?? {})) {
    if (Object.hasOwn(parsed, key)) continue;
    for (const name of names.get(key) ?? [key]) define(parsed, name, value);
  }
  for (const key of [...booleans, ...strings]) {
    if (Object.hasOwn(parsed, key) || key === "_") continue;
    if (collected.has(key)) define(parsed, key, []);
    else if (booleans.has(key)) define(parsed, key, false);
  }
  define(parsed, "_", [...rest, ...args.slice(end + 1)]);
  return parsed as Args<S, B, C>;
}

/** Every name of every flag that has more than one, to all of its names. */
function sameNames(alias: NonNullable<ParseOptions["alias"]>): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const [key, others] of Object.entries(alias)) {
    const all = [key, ...[others].flat()];
    for (const name of all) names.set(name, all);
  }
  return names;
}

function numberOr(value: string | boolean): string | boolean | number {
  if (typeof value !== "string") return value;
  const numeric = /^(0x[0-9a-f]+|[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?)$/i.test(value);
  return numeric ? Number(value) : value;
}

/** Sets an own property, also for a flag that is called `__proto__`. */
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  const how = { value, enumerable: true, writable: true, configurable: true };
  Object.defineProperty(target, key, how);
}
