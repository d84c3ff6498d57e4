// The types of this package and those that openapi-typescript makes of the API description say the same. Nothing here is run: that it
// compiles is the test. `build/openapi.ts` is made by `test.sh`.

import type { components, operations } from "../build/openapi.js";
import type { Id, Messages, UnknownName, methods } from "../src/index.js";
import type { MethodTable } from "../src/runtime/http.js";

type Schemas = components["schemas"];

/** Without what OpenAPI cannot say: kinds of ids, integers in strings, names that are not known yet. */
type Plain<T> = T extends UnknownName
  ? never
  : T extends Id<string> | `${bigint}`
    ? string
    : T extends readonly (infer Item)[]
      ? Plain<Item>[]
      : T extends object
        ? { [Name in keyof T]: Plain<T[Name]> }
        : T;

/** With all fields there: this package completes what arrives, the description says what may be missing. */
type Whole<T> = T extends readonly (infer Item)[] ? Whole<Item>[] : T extends object ? { [Name in keyof T]-?: Whole<T[Name]> } : T;

/** Each can be put in the place of the other. */
type Same<Ours, Theirs> = [Ours] extends [Theirs] ? ([Theirs] extends [Ours] ? true : { lacks: Theirs }) : { lacks: Ours };

/** Names of what is wrong. */
type Wrong<Verdicts> = { [Name in keyof Verdicts]: Verdicts[Name] extends true ? never : Name }[keyof Verdicts];

/** Fails to compile unless nothing is wrong. */
function nothing<Wrong extends never>(): Wrong[] {
  return [];
}

// every message of the description, and nothing but bodies and enums besides
type Described = { [Name in keyof Schemas & keyof Messages]: Same<Whole<Plain<Messages[Name]>>, Whole<Schemas[Name]>> };
nothing<Wrong<Described>>();
nothing<Exclude<keyof Schemas, keyof Messages | `${string}Body` | "ConversationKind" | "MemberRole">>();

// every operation: what is sent, to the question mark; what is answered; why it may be refused
type RequestOf<Name extends keyof typeof methods> =
  (typeof methods)[Name] extends MethodTable<infer Request, unknown, string> ? Request : never;
type ResponseOf<Name extends keyof typeof methods> =
  (typeof methods)[Name] extends MethodTable<never, infer Response, string> ? Response : never;
type ReasonOf<Name extends keyof typeof methods> =
  (typeof methods)[Name] extends MethodTable<never, unknown, infer Reason> ? Reason : never;

type Content<Answer> = Answer extends { content: { "application/json": infer Value } } ? Value : never;
type Body<Operation> = Operation extends { requestBody: infer Body }
  ? Content<Body>
  : Operation extends { requestBody?: infer Body }
    ? Content<Body>
    : never;
type Query<Operation> = Operation extends { parameters: { query?: infer Query } } ? NonNullable<Query> : unknown;
type Refusals<Operation> = Operation extends { responses: infer Answers }
  ? { [Status in Exclude<keyof Answers, 200>]: Content<Answers[Status]> extends { reason: infer Reason } ? Reason : never }[Exclude<
      keyof Answers,
      200
    >]
  : never;
type Answered<Operation> = Operation extends { responses: { 200: infer Answer } } ? Content<Answer> : never;

/** The fields of a request that are in such a part of it. */
type Part<Request, Other> = Plain<Pick<Request, keyof Request & keyof Other>>;
type Camel<Name> = Name extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail> & string>}` : Name;
type PathNames<Operation> = Operation extends { parameters: { path: infer Path } } ? Camel<keyof Path> : never;
type Flat<T> = { [Name in keyof T]: T[Name] };
type Common = keyof operations & keyof typeof methods;

type Sent = {
  [Name in Common as Query<operations[Name]> extends never ? never : Name]: Same<
    Part<RequestOf<Name>, Query<operations[Name]>>,
    Flat<Query<operations[Name]>>
  >;
};
type Given = { [Name in Common]: Same<Whole<Plain<ResponseOf<Name>>>, Whole<Answered<operations[Name]>>> };
type Refused = { [Name in Common]: Same<ReasonOf<Name>, Refusals<operations[Name]>> };
nothing<Exclude<keyof operations, keyof typeof methods>>();
nothing<Exclude<keyof typeof methods, keyof operations>>();
nothing<Wrong<Sent>>();
nothing<Wrong<Given>>();
nothing<Wrong<Refused>>();

// no field of a request is left out, and none is made up
type Keys<T> = [T] extends [never] ? never : keyof T;
type Fields<Name extends Common> =
  Keys<Query<operations[Name]>> | PathNames<operations[Name]> | (Name extends "updateProfile" ? "profile" : Keys<Body<operations[Name]>>);
type Named = { [Name in Common]: Same<keyof RequestOf<Name>, Fields<Name>> };
nothing<Wrong<Named>>();

// bodies are the request, the part that the path leaves, or one field of it
type BodyFits<Name extends Common> =
  Body<operations[Name]> extends infer Sent
    ? [Sent] extends [never]
      ? true
      : Same<Part<RequestOf<Name>, Sent>, Flat<Sent>> extends true
        ? true
        : Name extends "updateProfile"
          ? Same<Plain<Messages["Profile"]>, Sent>
          : { lacks: Sent }
    : never;
nothing<Wrong<{ [Name in Common]: BodyFits<Name> }>>();

// the comparison itself can fail
// @ts-expect-error a field has another type
nothing<Wrong<{ it: Same<Whole<Plain<Messages["User"]>>, Whole<Omit<Schemas["User"], "name"> & { name?: number }>> }>>();
// @ts-expect-error a field is missing
nothing<Wrong<{ it: Same<Whole<Plain<Omit<Messages["User"], "name">>>, Whole<Schemas["User"]>> }>>();
// @ts-expect-error a reason is missing
nothing<Wrong<{ it: Same<Exclude<ReasonOf<"sendMessage">, "NOT_A_MEMBER">, Refusals<operations["sendMessage"]>> }>>();
// @ts-expect-error what must be there may be missing
nothing<Wrong<{ it: Same<Partial<Part<RequestOf<"logIn">, Body<operations["logIn"]>>>, Body<operations["logIn"]>> }>>();
