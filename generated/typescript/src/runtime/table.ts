// What is known of messages at run time: generated tables, and how a message that arrived is completed by them.

/** The form of one value in JSON. */
export type Kind =
  | "bool"
  | "string"
  | "bytes"
  | "double"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "timestamp"
  | "duration"
  | "fieldMask"
  | "enum"
  | "message";

/** How many values a field has: one that is never absent, none or one, a list, a map. */
export type Count = "one" | "optional" | "list" | "map";

/** Rules of the schema for one value; what is absent is not demanded. */
export interface Rules {
  readonly required?: true;
  /** How broken bounds are called, where not after the kind: `sint32.gt`. */
  readonly family?: string;
  readonly gt?: bigint;
  readonly gte?: bigint;
  readonly lt?: bigint;
  readonly lte?: bigint;
  readonly len?: number;
  readonly minLen?: number;
  readonly maxLen?: number;
  readonly minBytes?: number;
  readonly maxBytes?: number;
  readonly lenBytes?: number;
  readonly pattern?: RegExp;
  /** The pattern as the schema has it. */
  readonly patternText?: string;
  readonly prefix?: string;
  readonly oneOf?: readonly string[];
  readonly uuid?: true;
  readonly definedOnly?: true;
  readonly enumIn?: readonly number[];
  readonly enumNotIn?: readonly number[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly unique?: true;
  readonly items?: Rules;
}

/** The numbers of an enum by name. */
export interface EnumTable {
  readonly name: string;
  readonly numbers: Readonly<Record<string, number>>;
}

/** A field. */
export interface FieldTable {
  /** Name in JSON. */
  readonly name: string;
  readonly kind: Kind;
  readonly count: Count;
  /** For messages and enums: which one. A function, since messages may contain themselves. */
  readonly message?: () => MessageTable;
  readonly enum?: () => EnumTable;
  /** Index of the oneof that it is a member of. */
  readonly oneof?: number;
  readonly rules?: Rules;
}

/** A message. */
export interface MessageTable {
  /** Full name in the schema. */
  readonly name: string;
  readonly fields: readonly FieldTable[];
  readonly oneofs?: readonly { readonly name: string; readonly required: boolean }[];
}

/** A JSON object. */
export type Json = Record<string, unknown>;

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Completes a message that arrived, in place: fields that were left out because they have their zero value get it, `null` counts as left out.
 * What the schema does not know stays as it is.
 */
export function complete<T>(table: MessageTable, value: unknown): T {
  const message = isObject(value) ? value : {};
  for (const field of table.fields) {
    const present = message[field.name];
    if (present === undefined || present === null) {
      if (field.oneof === undefined && field.count !== "optional") {
        message[field.name] = zero(field);
      } else {
        delete message[field.name];
      }
    } else if (field.message) {
      message[field.name] = completeField(field, field.message(), present);
    }
  }
  return message as T;
}

function completeField(field: FieldTable, table: MessageTable, value: unknown): unknown {
  if (field.count === "list") {
    return Array.isArray(value) ? value.map((item) => complete(table, item)) : [];
  }
  if (field.count === "map") {
    return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, complete(table, item)])) : {};
  }
  return complete(table, value);
}

function zero(field: FieldTable): unknown {
  if (field.count === "list") return [];
  if (field.count === "map") return {};
  switch (field.kind) {
    case "bool":
      return false;
    case "double":
    case "int32":
    case "uint32":
      return 0;
    case "int64":
    case "uint64":
      return "0";
    case "enum":
      return nameOf(field, 0);
    default:
      return "";
  }
}

/** The name of an enum's number, or the number where it has none. */
function nameOf(field: FieldTable, number: number): string | number {
  const numbers = field.enum?.().numbers ?? {};
  return Object.keys(numbers).find((name) => numbers[name] === number) ?? number;
}
