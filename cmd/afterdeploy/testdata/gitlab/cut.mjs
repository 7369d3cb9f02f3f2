// Takes what is for people out of GitLab's schema of .gitlab-ci.yml:
//   node cut.mjs ci.json > schema.json
// The schema is app/assets/javascripts/editor/schema/ci.json in gitlab-org/gitlab;
// npm's gitlab-ci-local 4.75.1 has the copy that was cut.
import { readFileSync } from "node:fs";

const said = new Set(["markdownDescription", "description", "examples", "default", "title"]);

function cut(value) {
  if (Array.isArray(value)) return value.map(cut);
  if (value === null || typeof value !== "object") return value;
  const isSaid = ([word, of]) => said.has(word) && (typeof of !== "object" || Array.isArray(of));
  return Object.fromEntries(Object.entries(value).filter((entry) => !isSaid(entry)).map(([word, of]) => [word, cut(of)]));
}

const comment = "GitLab's schema of .gitlab-ci.yml (Copyright GitLab B.V., MIT License) without its descriptions; see cut.mjs";
const schema = { $comment: comment, ...cut(JSON.parse(readFileSync(process.argv[2], "utf8"))) };
console.log(JSON.stringify(schema));
