// Without one of the permissions that it needs, a command ends with exit code 2 and a line that names what is missing.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { ROWS } from "./permission_rows.ts";
import { deno, NO_GPU } from "./process.ts";

// A gallery to look into, for the commands that do not make one.
const [enrol] = ROWS.filter(({ args }) => args[0] === "enrol");
const enrolled = await deno(["--allow-read", ...enrol.needs], enrol.args, NO_GPU);
assertEquals(enrolled.code, 0, enrolled.err);

for (const { args, needs } of ROWS) {
  const name = args.filter((word) => !word.startsWith("/")).join(" ");
  for (const missing of needs) {
    const [flag] = missing.split("=");
    Deno.test(`${name}: without ${flag} the error names it`, async () => {
      const rest = needs.filter((need) => need !== missing);
      const run = await deno(["--allow-read", ...rest], args, NO_GPU);
      assertEquals(run.code, 2, run.err);
      assertStringIncludes(run.err, flag);
      assertEquals(run.err.includes("    at "), false, "a stack trace");
    });
  }
}
