// How values of protobuf look in JSON, as types.

declare const brand: unique symbol;

/** A 64-bit id in decimal digits: JavaScript's numbers cannot hold it. Ids of different kinds cannot be mixed up. */
export type Id<Kind extends string> = string & { readonly [brand]: Kind };

/** A 64-bit integer in decimal digits. Compare with `BigInt(a) < BigInt(b)`, make one of a `bigint` with `` `${n}` ``. */
export type Uint64 = `${bigint}`;

/** As {@link Uint64}, with a sign. */
export type Int64 = `${bigint}`;

/** A time in RFC 3339, UTC: `2026-01-01T00:00:00.250Z`. `new Date(text)` reads it, up to milliseconds. */
export type Timestamp = string;

/** Seconds with up to nine decimals: `1.5s`. */
export type Duration = string;

/** Names of fields, separated by commas: `displayName,about`. */
export type FieldMask = string;

/** Bytes in base64. */
export type Base64 = string;

/** A number, or what JSON cannot write as one. */
export type Double = number | "NaN" | "Infinity" | "-Infinity";

/** The name of an enum's value that this client does not know: a newer server has it. */
export type UnknownName = string & { readonly [brand]: "unknown" };

/** A value of an enum that this client does not know, by name or by number. Treat it as you treat none. */
export type Unknown = UnknownName | number;

/** The values of an enum as an object like `{DIRECT: "CONVERSATION_KIND_DIRECT"}`, and those that this client does not know. */
export type OpenEnum<Names> = Names[keyof Names] | Unknown;

/** Exactly one of these fields. */
export type OneOf<Fields> = {
  [Set in keyof Fields]: Pick<Fields, Set> & Partial<Record<Exclude<keyof Fields, Set>, never>>;
}[keyof Fields];

/** At most one of these fields. */
export type AtMostOneOf<Fields> = OneOf<Fields> | { [Field in keyof Fields]?: never };

const DIGITS = /^[0-9]{1,20}$/;

/** Makes the function that takes text or a number for an id of a kind. */
export function idOf<Kind extends string>(kind: Kind): (value: string | bigint) => Id<Kind> {
  return (value) => {
    const text = String(value);
    if (!DIGITS.test(text)) {
      throw new TypeError(`${JSON.stringify(text)} is no ${kind}: an id is a number in decimal digits`);
    }
    return text as Id<Kind>;
  };
}
