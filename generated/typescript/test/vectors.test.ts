// Values at the boundary of every rule, made of the schema: the validators say what the server says. `build/vectors` is made by `test.sh`.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import * as tables from "../src/gen/tables.js";
import { violations } from "../src/runtime/validate.js";

interface Vector {
  message: string;
  case: string;
  json: unknown;
  broken: { field: string; rule: string }[];
}

test("each boundary vector is judged as by the server", async () => {
  const vectors = JSON.parse(await readFile("build/vectors/real.vectors.json", "utf8")) as Vector[];
  const known = new Map(Object.values(tables).flatMap((table) => ("fields" in table ? [[table.name, table] as const] : [])));
  const judged = vectors.flatMap((vector) => {
    const table = known.get(vector.message);
    return table ? [{ vector, got: violations(table, vector.json).map(({ field, rule }) => ({ field, rule })) }] : [];
  });
  // which member of a oneof is the one too many depends on the order of the text
  const text = (each: { field: string; rule: string }[]) =>
    each.map(({ field, rule }) => (rule === "oneof" ? rule : `${field} ${rule}`)).sort();
  for (const { vector, got } of judged) {
    assert.deepEqual(text(got), text(vector.broken), `${vector.message}, ${vector.case}: ${JSON.stringify(vector.json).slice(0, 200)}`);
  }
  assert.ok(judged.length > 100, `${judged.length} of ${vectors.length} are of messages that clients see`);
});
