// Takes the samples for curl, grpcurl and TypeScript out of the pages of the reference and runs each; called by samples.sh.
//     node samples.mjs <reference> <url of the server> <its process id> <folder for TypeScript> <tsc>
// A sample has to succeed: no refusal, no error of the program. What samples name is made anew for each, as the table in the reference says.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const [, , reference, url, server, folder, tsc] = process.argv;
const password = 'correct horse';
let users = 0;

async function call(verb, path, body, token) {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
    const answer = await fetch(`${url}${path}`, { method: verb, headers, body: JSON.stringify(body) });
    const json = await answer.json();
    if (!answer.ok) {
        throw new Error(`${verb} ${path}: ${JSON.stringify(json)}`);
    }
    return json;
}

/** A version 7 UUID of now. */
function uuidv7() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const time = BigInt(Date.now());
    for (let index = 0; index < 6; index += 1) {
        bytes[index] = Number((time >> BigInt(8 * (5 - index))) & 0xffn);
    }
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Buffer.from(bytes).toString('hex');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const readme = readFileSync(join(reference, 'README.md'), 'utf8');
const rows = [...readme.split('## What samples stand for')[1].matchAll(/^\| `(.+)` \| (.+) \|$/gm)];

/** Ada's tokens and Bob's, and a function that puts what there is in the place of what samples name. */
async function standIns() {
    users += 1;
    const register = (name) => call('POST', '/v1/users', { name: `${name}${users}`, password, deviceId: 'samples' });
    const [ada, bob, cleo] = [await register('ada'), await register('bob'), await register('cleo')];
    const group = async (owner, member) => {
        const body = { title: 'Engine room', userIds: [member.user.userId] };
        return (await call('POST', '/v1/groups', body, owner.tokens.accessToken)).conversation.conversationId;
    };
    const engineRoom = await group(ada, bob);
    const said = { clientMessageId: uuidv7(), content: { text: { body: 'hello' } } };
    await call('POST', `/v1/conversations/${engineRoom}/messages`, said, bob.tokens.accessToken);
    const made = {
        'the id of Ada, who calls': ada.user.userId,
        'the id of Bob': bob.user.userId,
        'the id of Cleo': cleo.user.userId,
        'a group that Ada owns and Bob is in, who has said something there': engineRoom,
        'a group that Bob owns and Ada is in': await group(bob, ada),
        'a version 7 UUID of now, another one for each sample': uuidv7(),
        "Ada's name": ada.user.name,
        'a name that nobody has': `dora${users}`,
        "Ada's password": password,
        "an access token of Ada's": ada.tokens.accessToken,
        "a refresh token of Ada's that was not used yet": ada.tokens.refreshToken,
    };
    let put = (text) => text;
    for (const [, value, meaning] of rows) {
        if (!(meaning in made)) {
            throw new Error(`the table of the reference speaks of '${meaning}', for which there is nothing here`);
        }
        const whole = new RegExp(`(?<![\\w-])${value.replace(/[.]/g, '\\$&')}(?![\\w-])`, 'g');
        const before = put;
        put = (text) => before(text).replace(whole, made[meaning]);
    }
    return { tokens: ada.tokens, others: bob.tokens, put };
}

/** The first block of code under a heading. */
function block(page, heading, language) {
    const section = page.split(`\n### ${heading}\n`)[1]?.split('\n#')[0];
    return section?.match(new RegExp(`\`\`\`${language}\n([^]*?)\n\`\`\``))?.[1];
}

const list = (folder) => readdirSync(join(reference, folder)).sort().map((page) => join(folder, page));
const text = (page) => readFileSync(join(reference, page), 'utf8');
const pages = list('calls');
const frames = list('frames');
const ran = { curl: 0, grpcurl: 0, TypeScript: 0 };
let failed = 0;

async function attempt(what, page, run) {
    try {
        await run();
        ran[what] += 1;
    } catch (error) {
        failed += 1;
        console.error(`${page}, ${what}: ${error.stderr ?? ''}${error.message ?? JSON.stringify(error)}`);
    }
}

for (const page of pages) {
    for (const program of ['curl', 'grpcurl']) {
        const sample = block(text(page), program, 'sh');
        if (sample === undefined) {
            continue;
        }
        const { tokens, put } = await standIns();
        const env = { ...process.env, PARLANCE: url, PARLANCE_GRPC: new URL(url).host, TOKEN: tokens.accessToken };
        await attempt(program, page, () => {
            const answer = JSON.parse(execFileSync('bash', ['-c', put(sample)], { env, encoding: 'utf8', stdio: 'pipe' }));
            if (answer.reason !== undefined) {
                throw new Error(JSON.stringify(answer));
            }
        });
    }
}

// each sample becomes a function of its client; all are compiled at once, then called
const modules = [];
for (const page of [...pages, ...frames]) {
    const sample = block(text(page), 'TypeScript', 'ts');
    if (sample === undefined) {
        continue;
    }
    const { tokens, others, put } = await standIns();
    const lines = put(sample).split('\n');
    const imports = lines.filter((line) => line.startsWith('import '));
    const body = lines.filter((line) => !line.startsWith('import '));
    const name = page.replace('.md', '').replaceAll(/[^A-Za-z]/g, '_');
    const source = [
        'import type { Parlance } from "@parlance/client";',
        ...imports,
        'export async function sample(client: Parlance, bob: Parlance): Promise<unknown> {',
        ...body,
        'return answer;',
        '}',
    ];
    writeFileSync(join(folder, `${name}.ts`), source.join('\n'));
    modules.push({ page, name, tokens, others, stops: block(text(page), 'WebSocket', 'text')?.startsWith('-- the server is told to end') });
}
const options = { target: 'ES2022', module: 'NodeNext', lib: ['ES2022', 'DOM'], types: [], strict: true, exactOptionalPropertyTypes: true };
writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.ts'] }));
try {
    execFileSync(tsc, ['-p', folder], { encoding: 'utf8', stdio: 'pipe' });
} catch (error) {
    console.error(error.stdout);
    process.exit(1);
}
const { Parlance } = await import(pathToFileURL(join(folder, 'node_modules/@parlance/client/dist/index.js')));
const clientWith = (tokens) => {
    const client = new Parlance({ url });
    client.session.set(tokens);
    return client;
};
// what ends the server comes last
modules.sort((one, other) => Number(one.stops ?? false) - Number(other.stops ?? false));
for (const { page, name, tokens, others, stops } of modules) {
    const { sample } = await import(pathToFileURL(join(folder, `${name}.js`)));
    const client = clientWith(tokens);
    await attempt('TypeScript', page, async () => {
        const late = sleep(20_000, undefined, { ref: false }).then(() => Promise.reject(new Error('no answer comes')));
        const answer = sample(client, clientWith(others));
        if (stops) {
            await client.connect().once('synced');
            process.kill(Number(server), 'SIGINT');
        }
        if (typeof (await Promise.race([answer, late])) !== 'object') {
            throw new Error('the answer is no message');
        }
    });
}

console.log(`samples that ran: ${Object.entries(ran).map(([what, count]) => `${count} ${what}`).join(', ')}; ${failed} failed`);
const whole = ran.curl >= pages.length && ran.grpcurl >= pages.length && ran.TypeScript >= pages.length + frames.length;
process.exit(failed === 0 && whole ? 0 : 1);
