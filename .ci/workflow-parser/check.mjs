// Reads every action.yml given with GitHub's own parser and prints what it
// does not accept. A text known to be wrong goes first: a parser that accepts
// it would prove nothing.
import { readFileSync } from "node:fs";
import { parseAction } from "@actions/workflow-parser/actions/action-parser";
import { NoOperationTraceWriter } from "@actions/workflow-parser/templates/trace-writer";

const complaints = (name, content) =>
  parseAction({ name, content }, new NoOperationTraceWriter())
    .context.errors.getErrors()
    .map((e) => e.message);

const wrong = "name: n\ndescription: d\nruns: {using: docker, image: Dockerfile, entrypont: x}\n";
if (complaints("wrong.yml", wrong).length === 0) {
  throw new Error("the parser accepts runs.entrypont: want a complaint");
}

const files = process.argv.slice(2);
if (files.length === 0) {
  throw new Error("no file given: want at least one action.yml");
}
for (const file of files) {
  const found = complaints(file, readFileSync(file, "utf8"));
  found.forEach((message) => console.error(message));
  console.log(`${file}: ${found.length} complaints`);
  if (found.length > 0) {
    process.exitCode = 1;
  }
}
