// A folder of people for bulk enrolment.

import { photo } from "../hosts.ts";

/** A folder of people: photos of the project by person and file name. */
export async function peopleFolder(
  people: Record<string, Record<string, string>>,
): Promise<string> {
  const folder = await Deno.makeTempDir();
  for (const [person, files] of Object.entries(people)) {
    await Deno.mkdir(`${folder}/${person}`, { recursive: true });
    for (const [file, source] of Object.entries(files)) {
      await Deno.copyFile(photo(source), `${folder}/${person}/${file}`);
    }
  }
  return folder;
}
