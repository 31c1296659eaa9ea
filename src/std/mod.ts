// Stands in for the parts of Deno's standard library that maskinv uses, where JSR cannot be reached; reached by the names
// `@std/assert` and `@std/cli` of deno.json in tests and tools, by path in src. What may be changed
// here: less. Names and signatures are those of @std.

export { type Args, parseArgs, type ParseOptions } from "./cli.ts";
