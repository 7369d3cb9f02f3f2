// Cuts GitHub's OpenAPI description down to the calls that internal/hub makes:
//   node cut.mjs api.github.com.json > openapi.json
import { readFileSync } from "node:fs";

const calls = {
  "/repos/{owner}/{repo}/deployments": ["get"],
  "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses": ["get"],
  "/repos/{owner}/{repo}/commits/{ref}/statuses": ["get"],
  "/repos/{owner}/{repo}/commits/{ref}/check-runs": ["get"],
  "/repos/{owner}/{repo}/commits/{commit_sha}/pulls": ["get"],
  "/repos/{owner}/{repo}/pulls/{pull_number}": ["get"],
  "/repos/{owner}/{repo}/issues/{issue_number}/comments": ["get", "post"],
  "/repos/{owner}/{repo}/issues/comments/{comment_id}": ["patch"],
  "/repos/{owner}/{repo}/statuses/{sha}": ["post"],
  "/repos/{owner}/{repo}/dispatches": ["post"],
  "/repos/{owner}/{repo}/issues": ["get", "post"],
  "/repos/{owner}/{repo}/issues/{issue_number}": ["patch"],
  "/repos/{owner}/{repo}/installation": ["get"],
  "/app/installations/{installation_id}/access_tokens": ["post"],
  "/repos/{owner}/{repo}/hooks": ["get"],
  "/repos/{owner}/{repo}/hooks/{hook_id}/deliveries": ["get"],
  "/repos/{owner}/{repo}/hooks/{hook_id}/deliveries/{delivery_id}": ["get"],
  "/orgs/{org}/hooks": ["get"],
  "/orgs/{org}/hooks/{hook_id}/deliveries": ["get"],
  "/orgs/{org}/hooks/{hook_id}/deliveries/{delivery_id}": ["get"],
  "/app/hook/config": ["get"],
  "/app/hook/deliveries": ["get"],
  "/app/hook/deliveries/{delivery_id}": ["get"],
};

// What internal/hub/contract understands; all else says nothing about validity.
const keywords = new Set(["$ref", "type", "nullable", "enum", "properties", "required", "additionalProperties",
  "items", "oneOf", "anyOf", "allOf", "minLength", "maxLength", "maxProperties", "minItems"]);
const lists = ["oneOf", "anyOf", "allOf"];

const whole = JSON.parse(readFileSync(process.argv[2], "utf8"));
const schemas = {};

function schema(s) {
  const kept = {};
  for (const [word, value] of Object.entries(s)) {
    if (!keywords.has(word)) continue;
    if (word === "properties") kept[word] = Object.fromEntries(Object.entries(value).map(([k, v]) => [k, schema(v)]));
    else if (lists.includes(word)) kept[word] = value.map(schema);
    else if (word === "items" || (word === "additionalProperties" && typeof value === "object")) kept[word] = schema(value);
    else kept[word] = value;
  }
  if (kept.$ref) keep(kept.$ref.split("/").pop());
  return kept;
}

function keep(name) {
  if (name in schemas) return;
  schemas[name] = {}; // before its content, which may refer to it
  schemas[name] = schema(whole.components.schemas[name]);
}

function resolve(value) {
  if (!value?.$ref) return value;
  const [, , section, name] = value.$ref.split("/");
  return whole.components[section][name];
}

function body(content) {
  return content?.["application/json"] ? schema(content["application/json"].schema) : null;
}

const paths = {};
for (const [path, methods] of Object.entries(calls)) {
  paths[path] = {};
  for (const method of methods) {
    const op = whole.paths[path][method];
    const cut = { parameters: {}, request: body(op.requestBody?.content), responses: {} };
    for (const p of (op.parameters ?? []).map(resolve)) {
      if (p.in === "query") cut.parameters[p.name] = schema(p.schema);
    }
    for (const [status, r] of Object.entries(op.responses)) cut.responses[status] = body(resolve(r).content);
    paths[path][method] = cut;
  }
}

const sorted = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
const lines = (object) => Object.entries(object).map(([k, v]) => `${JSON.stringify(k)}: ${JSON.stringify(v)}`).join(",\n");
console.log(`{"version": ${JSON.stringify(whole.info.version)},\n"paths": {\n${lines(paths)}\n},\n"schemas": {\n${lines(sorted)}\n}}`);
