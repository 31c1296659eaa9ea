// The command line: a file for each command, and what they share. A command is added in a file of its own and in commands.ts's
// list; whatever a program could want as well belongs to a room below.

export { main } from "./main.ts";
export type { Terminal } from "./terminal.ts";
