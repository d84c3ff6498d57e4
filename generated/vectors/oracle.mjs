// What protovalidate says of the vectors. Usage: node oracle.mjs <folder of node_modules> <folder of the input>
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [tools, given] = process.argv.slice(2);
const require = createRequire(join(tools, "package.json"));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { createFileRegistry, fromBinary, fromJson } = await load("@bufbuild/protobuf");
const { FileDescriptorSetSchema } = await load("@bufbuild/protobuf/wkt");
const { createValidator } = await load("@bufbuild/protovalidate");

const bytes = (name) => readFileSync(join(given, name));
const json = (name) => JSON.parse(bytes(name).toString("utf8"));
const registry = (source) => createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes(`${source}.descriptor.bin`)));

// A rule that protovalidate names otherwise: it has one name for a pair of bounds, and one more for an empty UUID.
const renamed = (rule) =>
  rule
    .replace(/^(\w+)\.gte?_lte?$/, "$1.bounds")
    .replace(/^(u?int|s?fixed)(32|64)\.(gte?|lte?)$/, "$1$2.bounds")
    .replace(/^string\.uuid_empty$/, "string.uuid");

// The path of a violation in names of JSON.
function pathOf(violation) {
  let path = "";
  for (const part of violation.field) {
    if (part.kind === "field") path += `${path && "."}${part.jsonName}`;
    else if (part.kind === "oneof") path += `${path && "."}${part.localName}`;
    else if (part.kind === "list_sub") path += `[${part.index}]`;
    else if (part.kind === "map_sub") path += `["${part.key}"]`;
    else throw new Error(`what is ${part.kind}?`);
  }
  return path;
}

// Where the two name a place or a rule differently, although they agree on the verdict.
function sameBroken(ours, theirs) {
  // All items of a list that is too long are judged there, none here: there may be any number of them.
  const tooLong = ours.filter(([, rule]) => rule === "repeated.max_items").map(([path]) => path);
  // An empty list that is required breaks one rule there, both here.
  const empty = ours.filter(([, rule]) => rule === "required").map(([path]) => path);
  const told = theirs.filter(([path, rule]) => !tooLong.some((list) => path.startsWith(`${list}[`) || (path === list && rule === "repeated.unique")));
  const wanted = ours.filter(([path, rule]) => rule === "required" || !empty.includes(path));
  // A repeated item is named here by its index, there by its list.
  const list = ([path, rule]) => (rule === "repeated.unique" ? [path.replace(/\[\d+\]$/, ""), rule] : [path, rule]);
  const text = (all) => [...new Set(all.map(list).map(([path, rule]) => `${path} ${renamed(rule)}`))].sort();
  return [text(wanted), text(told)];
}

// A negative zero without presence is a value there, which looks at its bits, and none here, since prost does not write it.
const onlyHere = (name, broken) => name === "zero with a sign" && broken.every(({ rule }) => rule === "required");

const wrong = [];
let count = 0;
for (const source of ["real", "corpus"]) {
  const types = registry(source);
  const validator = createValidator({ registry: types });
  for (const { message, field, case: name, json: value, broken } of json(`${source}.vectors.json`)) {
    count += 1;
    const title = `${message}.${field}: ${name}`;
    const type = types.getMessage(message);
    const ours = broken.map((it) => [it.field, it.rule]);
    let result;
    try {
      const read = fromJson(type, value, { registry: types });
      result = validator.validate(type, read);
    } catch (error) {
      if (!ours.some(([, rule]) => rule === "oneof")) wrong.push(`${title}\n  cannot be read: ${error.message}`);
      continue;
    }
    if (result.kind === "error") {
      wrong.push(`${title}\n  ${result.error}`);
      continue;
    }
    const theirs = (result.violations ?? []).map((violation) => [pathOf(violation), violation.ruleId]);
    const [wanted, told] = sameBroken(onlyHere(name, broken) ? [] : ours, theirs);
    if (wanted.join("\n") !== told.join("\n")) wrong.push(`${title}\n  here ${JSON.stringify(wanted)}\n  there ${JSON.stringify(told)}`);
  }
}
if (wrong.length > 0) {
  console.error(`protovalidate disagrees on ${wrong.length} of ${count} vectors:\n${wrong.slice(0, 40).join("\n")}`);
  process.exitCode = 1;
} else {
  console.log(`protovalidate agrees on ${count} vectors`);
}
