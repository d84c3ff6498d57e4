// The rules of the schema, checked before a request is sent: the same violations as the server's.

import { type EnumTable, type FieldTable, type Json, type Kind, type MessageTable, type Rules, isObject } from "./table.js";

/** A rule that a value breaks. */
export interface Violation {
  /** Path of the field in JSON, e.g. `content.text.body`. */
  field: string;
  /** Which rule, e.g. `string.max_bytes`; `type`, `range` or `unknown` for what no message of the schema looks like. */
  rule: string;
  /** What is wrong, for a developer to read. */
  message: string;
}

/** Every rule that a message breaks; an empty list if it is fine. */
export function violations(table: MessageTable, value: unknown): Violation[] {
  const out: Violation[] = [];
  message(table, value, "", out);
  return out;
}

function message(table: MessageTable, value: unknown, path: string, out: Violation[]): void {
  if (!isObject(value)) {
    return broken(out, path, "type", "must be an object");
  }
  const known = new Set(table.fields.map((field) => field.name));
  for (const name of Object.keys(value)) {
    if (!known.has(name) && value[name] !== undefined) {
      broken(out, join(path, name), "unknown", "is not a field of this message");
    }
  }
  const done = new Set<number>();
  for (const field of table.fields) {
    if (field.oneof === undefined) {
      one(field, value[field.name], join(path, field.name), out);
    } else if (!done.has(field.oneof)) {
      done.add(field.oneof);
      oneof(table, field.oneof, value, path, out);
    }
  }
}

function oneof(table: MessageTable, index: number, value: Json, path: string, out: Violation[]): void {
  const members = table.fields.filter((field) => field.oneof === index);
  const set = members.filter((field) => isSet(value[field.name]));
  const names = members.map((field) => field.name).join(", ");
  const spec = table.oneofs?.[index];
  const [first, second] = set;
  if (second) {
    broken(out, join(path, second.name), "oneof", `only one of ${names} may be set`);
  } else if (first) {
    single(first, value[first.name], join(path, first.name), first.rules ?? {}, out);
  } else if (spec?.required) {
    broken(out, join(path, spec.name), "required", `must have one of ${names}`);
  }
}

function one(field: FieldTable, value: unknown, path: string, out: Violation[]): void {
  const rules = field.rules ?? {};
  switch (field.count) {
    case "list":
      return list(field, value, path, rules, out);
    case "map":
      return map(field, value, path, rules, out);
    case "optional":
      if (isSet(value)) single(field, value, path, rules, out);
      else if (rules.required) broken(out, path, "required", "must be set");
      return;
    case "one":
      if (rules.required && isZero(field, value)) return broken(out, path, "required", "must be set");
      return single(field, isSet(value) ? value : zero(field.kind), path, rules, out);
  }
}

function list(field: FieldTable, value: unknown, path: string, rules: Rules, out: Violation[]): void {
  if (isSet(value) && !Array.isArray(value)) return broken(out, path, "type", "must be a list");
  const items: unknown[] = isSet(value) ? value : [];
  if (rules.required && items.length === 0) broken(out, path, "required", "must not be empty");
  atLeast(out, path, "repeated.min_items", "item", items.length, rules.minItems);
  atMost(out, path, "repeated.max_items", "item", items.length, rules.maxItems);
  // nothing is said of the items of a list that is too long
  if (rules.maxItems !== undefined && items.length > rules.maxItems) return;
  if (rules.unique) unique(field, items, path, out);
  items.forEach((item, index) => single(field, item, `${path}[${index}]`, rules.items ?? {}, out));
}

function unique(field: FieldTable, items: unknown[], path: string, out: Violation[]): void {
  const seen = new Set<unknown>();
  for (const [index, item] of items.entries()) {
    const key = field.kind === "enum" ? (number(field.enum?.(), item) ?? item) : item;
    if (seen.has(key)) {
      return broken(out, `${path}[${index}]`, "repeated.unique", "must not repeat an earlier item");
    }
    seen.add(key);
  }
}

function map(field: FieldTable, value: unknown, path: string, rules: Rules, out: Violation[]): void {
  if (isSet(value) && !isObject(value)) return broken(out, path, "type", "must be an object");
  const entries = Object.entries(isSet(value) ? value : {});
  if (rules.required && entries.length === 0) broken(out, path, "required", "must not be empty");
  for (const [key, item] of entries) single(field, item, `${path}["${key}"]`, {}, out);
}

function single(field: FieldTable, value: unknown, path: string, rules: Rules, out: Violation[]): void {
  switch (field.kind) {
    case "message":
      return message(field.message?.() ?? { name: "", fields: [] }, value, path, out);
    case "string":
      return typeof value === "string" ? text(value, path, rules, out) : typed(out, path, "a string");
    case "bytes":
      return bytes(value, path, rules, out);
    case "bool":
      return typeof value === "boolean" ? undefined : typed(out, path, "true or false");
    case "enum":
      return enumeration(field.enum?.(), value, path, rules, out);
    case "double":
      return double(value, path, rules, out);
    case "int32":
    case "uint32":
    case "int64":
    case "uint64":
      return integer(field.kind, value, path, rules, out);
    case "timestamp":
      return form(value, path, TIMESTAMP, "a time in RFC 3339", out);
    case "duration":
      return form(value, path, DURATION, "a duration in seconds like 1.5s", out);
    case "fieldMask":
      return form(value, path, FIELD_MASK, "names of fields, separated by commas", out);
  }
}

const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;
const DURATION = /^-?\d+(\.\d{1,9})?s$/;
const FIELD_MASK = /^([a-zA-Z0-9.]+(,[a-zA-Z0-9.]+)*)?$/;
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;
const UUID = /^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$/;
const INTEGER = /^-?[0-9]+$/;
const RANGES = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
} as const;

function text(value: string, path: string, rules: Rules, out: Violation[]): void {
  if (rules.len !== undefined || rules.minLen !== undefined || rules.maxLen !== undefined) {
    // code points, as the server counts
    const characters = Array.from(value).length;
    exactly(out, path, "string.len", "character", characters, rules.len);
    atLeast(out, path, "string.min_len", "character", characters, rules.minLen);
    atMost(out, path, "string.max_len", "character", characters, rules.maxLen);
  }
  if (rules.minBytes !== undefined || rules.maxBytes !== undefined) {
    const size = new TextEncoder().encode(value).length;
    atLeast(out, path, "string.min_bytes", "byte", size, rules.minBytes);
    atMost(out, path, "string.max_bytes", "byte", size, rules.maxBytes);
  }
  if (rules.prefix !== undefined && !value.startsWith(rules.prefix)) {
    broken(out, path, "string.prefix", `must begin with ${rules.prefix}`);
  }
  if (rules.oneOf && !rules.oneOf.includes(value)) {
    broken(out, path, "string.in", `must be one of ${rules.oneOf.join(", ")}`);
  }
  if (rules.uuid && !UUID.test(value)) broken(out, path, "string.uuid", "must be a UUID");
  if (rules.pattern && !rules.pattern.test(value)) {
    broken(out, path, "string.pattern", `must match ${rules.patternText ?? rules.pattern.source}`);
  }
}

function bytes(value: unknown, path: string, rules: Rules, out: Violation[]): void {
  if (typeof value !== "string" || !BASE64.test(value)) return typed(out, path, "bytes in base64");
  const size = Math.floor((value.replace(/=+$/, "").length * 3) / 4);
  exactly(out, path, "bytes.len", "byte", size, rules.lenBytes);
  atLeast(out, path, "bytes.min_len", "byte", size, rules.minBytes);
  atMost(out, path, "bytes.max_len", "byte", size, rules.maxBytes);
}

function integer(kind: keyof typeof RANGES, value: unknown, path: string, rules: Rules, out: Violation[]): void {
  const numeric = typeof value === "number" ? Number.isInteger(value) : typeof value === "string" && INTEGER.test(value);
  if (!numeric) return typed(out, path, kind.endsWith("64") ? "an integer in decimal digits" : "an integer");
  const exact = BigInt(value as string | number);
  const [least, most] = RANGES[kind];
  if (exact < least || exact > most) return broken(out, path, "range", `must be from ${least} to ${most}`);
  bounds(kind, exact, path, rules, out);
}

function double(value: unknown, path: string, rules: Rules, out: Violation[]): void {
  const special = value === "NaN" || value === "Infinity" || value === "-Infinity";
  if (typeof value !== "number" && !special) return typed(out, path, "a number");
  bounds("double", Number(value), path, rules, out);
}

function bounds(kind: Kind, value: bigint | number, path: string, rules: Rules, out: Violation[]): void {
  const { gt, gte, lt, lte, family = kind } = rules;
  if (gt !== undefined && !(value > gt)) broken(out, path, `${family}.gt`, `must be greater than ${gt}, is ${value}`);
  if (gte !== undefined && !(value >= gte)) broken(out, path, `${family}.gte`, `must be at least ${gte}, is ${value}`);
  if (lt !== undefined && !(value < lt)) broken(out, path, `${family}.lt`, `must be less than ${lt}, is ${value}`);
  if (lte !== undefined && !(value <= lte)) broken(out, path, `${family}.lte`, `must be at most ${lte}, is ${value}`);
}

function enumeration(table: EnumTable | undefined, value: unknown, path: string, rules: Rules, out: Violation[]): void {
  const found = number(table, value);
  if (found === undefined) return typed(out, path, `a value of ${table?.name ?? "the enum"}`);
  const names = (numbers: readonly number[]) => numbers.map((each) => nameOf(table, each)).join(", ");
  if (rules.definedOnly && !Object.values(table?.numbers ?? {}).includes(found)) {
    broken(out, path, "enum.defined_only", `must be a value of ${table?.name ?? "the enum"}, is ${found}`);
  }
  if (rules.enumIn && !rules.enumIn.includes(found)) {
    broken(out, path, "enum.in", `must be one of ${names(rules.enumIn)}`);
  }
  if (rules.enumNotIn?.includes(found)) broken(out, path, "enum.not_in", `must not be ${names(rules.enumNotIn)}`);
}

function number(table: EnumTable | undefined, value: unknown): number | undefined {
  if (typeof value === "number") return Number.isInteger(value) ? value : undefined;
  return typeof value === "string" ? table?.numbers[value] : undefined;
}

function nameOf(table: EnumTable | undefined, value: number): string {
  return Object.entries(table?.numbers ?? {}).find(([, number]) => number === value)?.[0] ?? String(value);
}

function form(value: unknown, path: string, pattern: RegExp, what: string, out: Violation[]): void {
  if (typeof value !== "string" || !pattern.test(value)) typed(out, path, what);
}

function exactly(out: Violation[], path: string, rule: string, unit: string, actual: number, wanted?: number): void {
  if (wanted !== undefined && actual !== wanted) {
    broken(out, path, rule, `must be exactly ${amount(wanted, unit)}, is ${actual}`);
  }
}

function atLeast(out: Violation[], path: string, rule: string, unit: string, actual: number, least?: number): void {
  if (least !== undefined && actual < least) {
    broken(out, path, rule, `must be at least ${amount(least, unit)}, is ${actual}`);
  }
}

function atMost(out: Violation[], path: string, rule: string, unit: string, actual: number, most?: number): void {
  if (most !== undefined && actual > most) broken(out, path, rule, `must be at most ${amount(most, unit)}, is ${actual}`);
}

function amount(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

function typed(out: Violation[], path: string, what: string): void {
  broken(out, path, "type", `must be ${what}`);
}

function broken(out: Violation[], field: string, rule: string, message: string): void {
  out.push({ field, rule, message });
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function isSet<T>(value: T): value is NonNullable<T> {
  return value !== undefined && value !== null;
}

function isZero(field: FieldTable, value: unknown): boolean {
  if (!isSet(value)) return true;
  if (field.kind === "enum") return number(field.enum?.(), value) === 0;
  return value === "" || value === false || Number(value) === 0;
}

function zero(kind: Kind): unknown {
  if (kind === "bool") return false;
  return kind === "string" || kind === "bytes" || kind === "fieldMask" ? "" : 0;
}
