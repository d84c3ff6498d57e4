// Parses asyncapi.json with the parser of the AsyncAPI initiative; anything that it says, down to a hint, fails. It does not look at examples of
// version 3, so each is held against its message's schema by Ajv, which the parser brings along.
// Called by validate.sh: node asyncapi-check.mjs <folder with node_modules> <document>
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const [, , home, path] = process.argv;
const load = createRequire(join(home, 'node_modules', 'index.js'));
const { Parser } = load('@asyncapi/parser');
const { default: Ajv } = load('ajv');
const { default: addFormats } = load('ajv-formats');

const { document, diagnostics } = await new Parser().parse(readFileSync(path, 'utf8'));
const severities = ['error', 'warning', 'info', 'hint'];
for (const { severity, path: at, message, code } of diagnostics) {
    console.error(`${severities[severity]}: ${at.join('.')}: ${message} (${code})`);
}
if (document === undefined || diagnostics.length > 0) {
    process.exit(1);
}

// formats of protobuf's numbers say nothing that the bounds beside them do not say
const ajv = new Ajv({ strict: false, allErrors: true, formats: { int32: true, uint32: true, int64: true, uint64: true, float: true, double: true } });
addFormats(ajv);
let [examples, wrong] = [0, 0];
for (const message of document.messages().all()) {
    const fits = ajv.compile(message.payload().json());
    for (const example of message.examples().all()) {
        examples += 1;
        if (!fits(example.payload())) {
            wrong += 1;
            console.error(`error: example of ${message.id()}: ${ajv.errorsText(fits.errors)}`);
        }
    }
}
if (wrong > 0) {
    process.exit(1);
}
const { length: channels } = document.channels().all();
const { length: operations } = document.operations().all();
console.log(`${path}: AsyncAPI ${document.version()}, ${channels} channels, ${operations} operations, ${examples} examples: no complaint`);
