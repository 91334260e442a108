import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type Service, startService } from '../../src/cli/init/templates/password/service.js';
import { built } from '../support/built.js';
import { deployed } from '../support/cloudformation.js';
import { CommandRig, until } from '../support/command.js';
import { deploy } from '../support/deployment.js';
import { OperatorRig } from '../support/operator.js';

const ROOT = join(__dirname, '../..');
/** Whether this Node.js reads TypeScript. */
const READS_TYPES = Boolean((process.features as { typescript?: unknown }).typescript);

built('esm');
built('cjs');

let rig: CommandRig;
beforeEach(async () => {
  rig = await CommandRig.make();
  mkdirSync(at('node_modules'));
  symlinkSync(ROOT, at('node_modules/quarterturn'));
  for (const scope of ['@jest', '@types']) {
    symlinkSync(join(ROOT, 'node_modules', scope), at('node_modules', scope));
  }
  writeFileSync(at('package.json'), '{ "private": true }');
});
afterEach(() => rig.end());

const at = (...path: string[]) => join(rig.folder, ...path);
const read = (path: string) => readFileSync(at(path), 'utf8');
const run = async (line: string) => (await rig.shell(line)).end;
const write = (path: string, text: string) => {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
};

const FILES = ['rotator.ts', 'service.ts', 'contract.test.ts', 'rehearsal.ts', 'lambda.ts'];
const OTHERS = ['README.md', 'package.json', 'tsconfig.json'];

describe('quarterturn init', () => {
  test('writes a folder, and ends with the three commands that come next', async () => {
    const { code, stdout, stderr } = await run('quarterturn init gate --test jest');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(
      [
        `gate/: ${[...FILES, ...OTHERS, 'jest.config.mjs'].join(', ')}`,
        '',
        '  npm install --save-dev esbuild jest @jest/globals @swc/core @swc/jest',
        '  npx jest --config gate/jest.config.mjs',
        '  npx quarterturn bundle gate/lambda.ts\n',
      ].join('\n'),
    );
    expect(readdirSync(at('gate')).toSorted()).toEqual([...FILES, ...OTHERS, 'jest.config.mjs'].toSorted());
  });

  test("has the guide's rotator as its template", async () => {
    await run('quarterturn init gate');
    expect(readFileSync(join(ROOT, 'docs/rotators.md'), 'utf8')).toContain(
      `\`\`\`ts\n${read('gate/rotator.ts')}\`\`\`\n`,
    );
    await run('quarterturn init desk --kind http-spec');
    const ofKeys = readFileSync(join(ROOT, 'rotators/api-key/README.md'), 'utf8');
    expect(ofKeys).toContain(`\`\`\`ts\n${read('desk/rotator.ts')}\`\`\`\n`);
  });

  test.each(['password', 'issued-key', 'http-spec'])(
    'the README of a rotator of the kind %s has a row for each field of the secret',
    async (kind) => {
      await run(`quarterturn init door --kind ${kind}`);
      const [, secret = ''] = /```json\n(.*)\n```/.exec(read('door/README.md')) ?? [];
      const rows = [...read('door/README.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, field]) => field);
      expect(rows).toEqual(Object.keys(JSON.parse(secret)));
      const [, inCode = ''] = /The secret: (\{.*\})/.exec(read('door/rotator.ts')) ?? [];
      expect(rows.toSorted()).toEqual(Object.keys(JSON.parse(inCode)).toSorted());
    },
  );

  test('the README of a rotator copies the template as the page on deployment does, and names its folder', async () => {
    await run('quarterturn init door');
    const page = readFileSync(join(ROOT, 'docs/deploy-your-own.md'), 'utf8');
    const [copy = ''] = /^grep .*template\.yaml$/m.exec(page) ?? [];
    const readme = read('door/README.md');
    expect(readme).toContain(`\n${copy}\n`);
    expect(readme).toContain(' Rotator=custom CustomBundle=door SecretArn=');
    expect(await run(copy)).toMatchObject({ code: 0, stderr: '' });
    // SAM would look for these files beside the copy, where another project has its own, or none.
    const lines = readFileSync(join(ROOT, 'template.yaml'), 'utf8').split('\n');
    const left = lines.filter((line) => !read('template.yaml').split('\n').includes(line));
    expect(left).toEqual(['    LicenseUrl: LICENSE', '    ReadmeUrl: README.md']);
  });

  test('overwrites no file: it lists those that are there, and writes none', async () => {
    write('gate/service.ts', 'mine');
    write('gate/README.md', 'mine, too');
    write('gate/else.ts', 'no file of its own');
    const { code, stdout, stderr } = await run('quarterturn init gate');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      'quarterturn: nothing was written: these files exist already: gate/service.ts, gate/README.md\n',
    );
    expect(readdirSync(at('gate')).toSorted()).toEqual(['README.md', 'else.ts', 'service.ts']);
    expect([read('gate/service.ts'), read('gate/README.md')]).toEqual(['mine', 'mine, too']);
  });

  test('overwrites no link either, also one that leads nowhere', async () => {
    mkdirSync(at('gate'));
    symlinkSync('nowhere', at('gate/service.ts'));
    const { code, stdout, stderr } = await run('quarterturn init gate');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe('quarterturn: nothing was written: these files exist already: gate/service.ts\n');
    expect(readdirSync(at('gate'))).toEqual(['service.ts']);
  });

  test('writes no half of a folder: where a file fails, the ones before are gone', async () => {
    // A disk that is nearly full.
    const { code, stdout, stderr } = await run('ulimit -f 1 && quarterturn init gate');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^quarterturn: nothing was written: EFBIG/);
    expect(existsSync(at('gate'))).toBe(false);
    write('gate/mine.ts', 'mine');
    expect(await run('ulimit -f 1 && quarterturn init gate')).toMatchObject({ code: 1, stdout: '' });
    expect(readdirSync(at('gate'))).toEqual(['mine.ts']);
    write('door', 'a file');
    expect(await run('quarterturn init door')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^quarterturn: nothing was written: EEXIST: .*'door'\n$/),
    });
    expect(read('door')).toBe('a file');
  });

  test.each(['Gate', '../gate', 'a/b', 'gate-', '1st', "gate'", '.'])(
    'takes no name such as %s',
    async (name) => {
      const { code, stdout, stderr } = await run(`quarterturn init "${name}"`);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(
        /^quarterturn: init takes a name of lower-case letters, digits and single hyphens/,
      );
      expect(readdirSync(rig.folder).toSorted()).toEqual(['bin', 'node_modules', 'package.json']);
    },
  );

  test('names that are words of the language, or of the template, make code that compiles', async () => {
    const names = ['delete', 'fetch', 'service', 'lambda', 'desk-lock', 'new-desk', 'key', 'test'];
    const kinds = ['password', 'issued-key', 'http-spec'];
    for (const [n, name] of names.entries()) {
      const test = n % 2 === 0 ? 'node' : 'jest';
      expect((await run(`quarterturn init ${name} --kind ${kinds[n % 3]} --test ${test}`)).code).toBe(0);
      expect(read(`${name}/rotator.ts`)).toContain(`name: '${name}'`);
    }
    const { compilerOptions } = JSON.parse(read('delete/tsconfig.json'));
    write('tsconfig.json', JSON.stringify({ compilerOptions, include: names }));
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    expect(await run(`'${process.execPath}' '${tsc}' -p .`)).toMatchObject({ code: 0, stdout: '' });
  });

  test('has a contract that passes as it is, and one that fails once the rotator is wrong', async () => {
    await run('quarterturn init gate');
    const contract = () => {
      const compiled = [
        `'${join(ROOT, 'node_modules/.bin/esbuild')}' gate/contract.test.ts --bundle --packages=external`,
        '--platform=node --format=cjs --log-level=error --outfile=contract.test.cjs',
      ].join(' ');
      return run(`${compiled} && '${process.execPath}' --test --test-reporter=tap contract.test.cjs`);
    };
    expect((await contract()).stdout).toMatch(/# pass \d{2}\n# fail 0\n/);
    write('gate/rotator.ts', read('gate/rotator.ts').replace('of [current, pending]', 'of [current]'));
    expect((await contract()).stdout).toMatch(/# fail [1-9]/);
  });
});

describe('quarterturn bundle', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());

  test('makes a Lambda that rotates where no package is, as ours are made', async () => {
    await run('quarterturn init gate');
    const { code, stdout, stderr } = await run('quarterturn bundle gate/lambda.ts');
    expect([code, stderr]).toEqual([0, '']);
    const [, atOnce] =
      /^dist\/lambda\/gate: handler index\.handler, (\d+) bytes at init, \d+ in all\n$/.exec(stdout) ?? [];
    // As much as ours may load.
    expect(Number(atOnce)).toBeLessThan(225_000);
    const deployment = await deploy(at('dist/lambda/gate'), JSON.stringify(service.reset()));
    try {
      expect(await deployment.rotate()).toMatchObject({ outcome: 'succeeded' });
      const { password } = await deployment.value('AWSCURRENT');
      expect(service.accepts(password)).toBe(true);
    } finally {
      await deployment.stop();
    }
  });

  describe('is what template.yaml deploys with Rotator=custom', () => {
    /** Bundles a rotator that needs the variable GATE_REALM, and starts it as the template has it. */
    async function deployedBy(parameters: Record<string, string>) {
      await run('quarterturn init gate');
      write(
        'gate/lambda.ts',
        read('gate/lambda.ts')
          .replace('environment: []', "environment: ['GATE_REALM']")
          .replace(
            'rotator: () => gate()',
            "rotator: ({ GATE_REALM }) => {\n    if (GATE_REALM !== 'north') throw new TypeError('no realm');\n    return gate();\n  }",
          ),
      );
      expect(await run('quarterturn bundle gate/lambda.ts')).toMatchObject({ code: 0, stderr: '' });
      const { Function: made } = deployed({ Rotator: 'custom', CustomBundle: 'gate', ...parameters });
      const { Handler, CodeUri, Environment } = made as unknown as {
        Handler: string;
        CodeUri: string;
        Environment: { Variables: Record<string, string> };
      };
      return deploy(at(CodeUri), JSON.stringify(service.reset()), {
        _HANDLER: Handler,
        ...Environment.Variables,
      });
    }

    test('with the variables of its manifest', async () => {
      const deployment = await deployedBy({ CustomEnvironment: '{"GATE_REALM":"north"}' });
      try {
        expect(await deployment.rotate()).toMatchObject({ outcome: 'succeeded' });
        const { password } = await deployment.value('AWSCURRENT');
        expect(service.accepts(password)).toBe(true);
      } finally {
        await deployment.stop();
      }
    });

    test('and it rotates nothing if a variable is one that its manifest does not name', async () => {
      const deployment = await deployedBy({ CustomEnvironment: '{"GATE_RELAM":"north"}' });
      try {
        const before = await deployment.value('AWSCURRENT');
        await expect(deployment.rotate()).resolves.toMatchObject({ outcome: 'failed' });
        expect(deployment.runtime.output.stderr).toContain(
          'CUSTOM_ENVIRONMENT has \\"GATE_RELAM\\" that \\"environment\\" of the manifest does not name: it names GATE_REALM',
        );
        expect(deployment.runtime.output.stderr).not.toContain('north');
        expect(await deployment.value('AWSCURRENT')).toEqual(before);
        expect(service.accepts(before.password)).toBe(true);
      } finally {
        await deployment.stop();
      }
    });
  });

  test('leaves a driver in a file of its own, and puts the licences beside', async () => {
    const lambda = `import { defineLambda } from 'quarterturn';
      import { postgres } from 'quarterturn/rotators/postgres';
      export const lambda = defineLambda({ rotator: () => postgres(), environment: [], permissions: [], drivers: ['pg'] });`;
    write('app/lambda.ts', lambda);
    const { stdout } = await run('quarterturn bundle app/lambda.ts --out made');
    const [, atOnce] = /^made: .*, (\d+) bytes at init/.exec(stdout) ?? [];
    expect(Number(atOnce)).toBeLessThan(225_000);
    expect(read('made/index.mjs')).not.toContain('SASLInitialResponse');
    expect(readdirSync(at('made')).toSorted()).toEqual(['THIRD-PARTY-LICENSES.txt', 'chunks', 'index.mjs']);
    const licences = read('made/THIRD-PARTY-LICENSES.txt');
    expect(licences).toMatch(/^=+\nquarterturn\n/);
    expect(licences).toMatch(/^pg \d.* \(MIT\)$/m);
  });

  test('replaces the bundle that was there, and names a package without the text of its licence', async () => {
    await run('quarterturn init gate');
    write('node_modules/bare/package.json', '{ "name": "bare", "version": "1.0.0", "main": "index.js" }');
    write('node_modules/bare/index.js', 'exports.length = 24;');
    write(
      'gate/rotator.ts',
      `import { length } from 'bare';\n${read('gate/rotator.ts').replace('length: 24', 'length')}`,
    );
    write('dist/lambda/gate/index.mjs', 'of before');
    write('dist/lambda/gate/chunks/old.mjs', 'of before');
    const { code, stderr } = await run('quarterturn bundle gate/lambda.ts');
    expect([code, stderr]).toEqual([
      0,
      'quarterturn: the package bare contains no licence text: check whether its licence must go with the bundle\n',
    ]);
    expect(existsSync(at('dist/lambda/gate/chunks/old.mjs'))).toBe(false);
    expect(read('dist/lambda/gate/index.mjs')).not.toBe('of before');
  });

  test('puts a bundle into no folder with other files, and changes none of them', async () => {
    await run('quarterturn init gate');
    const { code, stdout, stderr } = await run('quarterturn bundle gate/lambda.ts --out gate');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /gate contains README\.md, which does not belong to a bundle: choose another folder with --out\n$/,
    );
    expect(readdirSync(at('gate')).toSorted()).toEqual([...FILES, ...OTHERS].toSorted());
  });

  const BARE = `import { defineLambda } from 'quarterturn';
    import { postgres } from 'quarterturn/rotators/postgres';
    export const lambda = defineLambda({ rotator: () => postgres(), environment: [], permissions: [], drivers: ['pg'] });`;

  test('overwrites no module that it is made of', async () => {
    write('gate/index.mjs', BARE);
    const { code, stdout, stderr } = await run('quarterturn bundle gate/index.mjs --out gate');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /gate contains index\.mjs, which the bundle is made of: choose another folder with --out\n$/,
    );
    expect(read('gate/index.mjs')).toBe(BARE);
    expect(readdirSync(at('gate'))).toEqual(['index.mjs']);
    symlinkSync('gate', at('link'));
    expect(await run('quarterturn bundle gate/index.mjs --out link')).toMatchObject({ code: 2, stdout: '' });
    expect(read('gate/index.mjs')).toBe(BARE);
    // Of a bundle, too, another one is made elsewhere.
    expect((await run('quarterturn bundle gate/index.mjs')).code).toBe(0);
    const made = read('dist/lambda/gate/index.mjs');
    expect(await run('quarterturn bundle dist/lambda/gate/index.mjs')).toMatchObject({ code: 2, stdout: '' });
    expect(read('dist/lambda/gate/index.mjs')).toBe(made);
  });

  test('that is not written to the end leaves the one that was there', async () => {
    write('gate/lambda.ts', BARE);
    write('dist/lambda/gate/index.mjs', 'of before');
    write('dist/lambda/gate/chunks/old.mjs', 'of before');
    mkdirSync(at('dist/lambda/gate/THIRD-PARTY-LICENSES.txt'));
    expect(await run('quarterturn bundle gate/lambda.ts')).toMatchObject({ code: 1, stdout: '' });
    expect(read('dist/lambda/gate/index.mjs')).toBe('of before');
    expect(read('dist/lambda/gate/chunks/old.mjs')).toBe('of before');
  });

  test('changes nothing behind links in its folder', async () => {
    write('gate/lambda.ts', BARE);
    write('mine/index.mjs', 'mine');
    write('mine/chunks/old.mjs', 'mine');
    mkdirSync(at('made'));
    for (const part of ['index.mjs', 'chunks']) symlinkSync(`../mine/${part}`, at('made', part));
    expect(await run('quarterturn bundle gate/lambda.ts --out made')).toMatchObject({ code: 0, stderr: '' });
    expect(read('mine/index.mjs')).toBe('mine');
    expect(readdirSync(at('mine/chunks'))).toEqual(['old.mjs']);
    expect(read('made/index.mjs')).toContain('handler');
  });

  test('may be made twice at once', async () => {
    write('gate/lambda.ts', BARE);
    const bundle = 'quarterturn bundle gate/lambda.ts';
    const { code, stdout, stderr } = await run(`${bundle} & ${bundle} && wait $!`);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.match(/^dist\/lambda\/gate: /gm)).toHaveLength(2);
    const chunks = readdirSync(at('dist/lambda/gate/chunks'));
    expect(await run(bundle)).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(at('dist/lambda/gate/chunks'))).toEqual(chunks);
  });

  test('is made of a CommonJS manifest, whatever the folder is called', async () => {
    write(
      'tür 7/lambda.cjs',
      `const { defineLambda } = require('quarterturn');
      const { postgres } = require('quarterturn/rotators/postgres');
      module.exports = {
        lambda: defineLambda({ rotator: () => postgres(), environment: [], permissions: [], drivers: ['pg'] }),
      };`,
    );
    const { code, stdout } = await run("quarterturn bundle 'tür 7/lambda.cjs'");
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^dist\/lambda\/t-r-7: handler index\.handler, /),
    ]);
    const policy = await run('AWS_REGION=eu-west-1 quarterturn policy dist/lambda/t-r-7/index.mjs --json');
    expect(JSON.parse(policy.stdout)).toMatchObject({ rotator: 't-r-7' });
  });

  test('is made where node_modules has files without a package, and a package has a folder of licences', async () => {
    write('node_modules/flat.js', 'export const a = 1;');
    write('node_modules/bare/index.js', 'export const b = 2;');
    write('node_modules/full/package.json', '{ "name": "full", "version": "1.0.0", "main": "index.js" }');
    write('node_modules/full/index.js', 'export const c = 3;');
    write('node_modules/full/license/MIT.txt', 'MIT');
    write(
      'gate/lambda.ts',
      `import { a } from 'flat'; import { b } from 'bare'; import { c } from 'full'; console.log(a, b, c); ${BARE}`,
    );
    const { code, stderr } = await run('quarterturn bundle gate/lambda.ts');
    expect([code, stderr.match(/(?<=the package )\S+/g)?.toSorted()]).toEqual([
      0,
      ['bare', 'flat.js', 'full'],
    ]);
  });

  test('takes a file, and makes a folder', async () => {
    write('gate/lambda.ts', BARE);
    for (const what of ['gate', "''", 'none.ts']) {
      const { code, stderr } = await run(`quarterturn bundle ${what}`);
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(/: there is no file \/.*: give the module that exports lambda\n$/),
      ]);
    }
    const { code, stderr } = await run('quarterturn bundle gate/lambda.ts --out package.json');
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/package\.json is not a folder: choose another with --out\n$/),
    ]);
    expect(read('package.json')).toBe('{ "private": true }');
  });

  test.each([
    [
      'exports no manifest',
      'export const handler = 1;',
      /hint: the module must export lambda = defineLambda\(/,
    ],
    ['exports nothing', 'console.log(1);', /hint: the module must export lambda = defineLambda\(/],
    ['has an error of syntax', 'export const lambda = {\n', /\(line 2 of gate\/lambda\.ts\)\n$/],
    [
      'imports what is not installed',
      "import 'no-such-package';\nexport const lambda = 1;",
      /Could not resolve "no-such-package"/,
    ],
  ])('of a module that %s makes none, and leaves the one that was there', async (_, text, expected) => {
    write('gate/lambda.ts', text);
    write('dist/lambda/gate/index.mjs', 'of before');
    const { code, stdout, stderr } = await run('quarterturn bundle gate/lambda.ts');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(expected);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(readdirSync(at('dist/lambda/gate'))).toEqual(['index.mjs']);
    expect(read('dist/lambda/gate/index.mjs')).toBe('of before');
  });

  test('says how esbuild is installed where it is not', async () => {
    const alone = await CommandRig.make();
    try {
      const copy = join(alone.folder, 'node_modules/quarterturn');
      for (const path of [
        'dist/esm/src',
        'dist/esm/rotators',
        'dist/esm/no-require.js',
        'package.json',
        'src/cli/init/templates',
      ]) {
        cpSync(join(ROOT, path), join(copy, path), { recursive: true });
      }
      writeFileSync(join(alone.folder, 'lambda.ts'), 'export const lambda = 1;');
      const main = join(copy, 'dist/esm/src/cli/main.js');
      const { code, stderr } = await alone.start(
        ['bundle', join(alone.folder, 'lambda.ts'), '--out', join(alone.folder, 'out')],
        {},
        main,
      ).end;
      expect([code, stderr]).toEqual([
        1,
        'quarterturn: bundle needs esbuild, and it is not installed: npm install --save-dev esbuild@^0.28.2\n',
      ]);
      expect(existsSync(join(alone.folder, 'out'))).toBe(false);
    } finally {
      await alone.end();
    }
  });
});

describe('a path in place of the name of a rotator', () => {
  const env = 'AWS_REGION=eu-west-1 NODE_NO_WARNINGS=1';
  beforeEach(async () => {
    await run('quarterturn init gate && quarterturn bundle gate/lambda.ts');
  });

  test('is one of a bundle, for quarterturn policy', async () => {
    const { code, stdout } = await run(`${env} quarterturn policy dist/lambda/gate/index.mjs --json`);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ rotator: 'gate', function: { bundle: 'dist/lambda/gate' } });
  });

  const LOADED = [
    ['policy gate/lambda.ts --json', /"rotator": "gate"/],
    ['rehearse gate/lambda.ts', /^the gate in memory\n[\s\S]*yes {2}the service accepts the new value\n/],
  ] as const;

  test.each(LOADED)('is one of TypeScript, where Node.js reads it: %s', async (line, expected) => {
    const { code, stdout, stderr } = await run(`${env} quarterturn ${line}`);
    if (READS_TYPES) {
      expect(stdout).toMatch(expected);
      expect(code).toBe(0);
    } else {
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/ Node\.js v[\d.]+ does not read this TypeScript \(.*\): compile it/);
    }
  });

  test.each(['gate/lambda.ts', 'dist/lambda/gate/index.mjs'])(
    'is one that quarterturn local runs: %s',
    async (path) => {
      const { child, output, end } = await rig.shell(
        `${env} exec quarterturn local --port 0 --function rotate=${path}`,
      );
      if (path.endsWith('.ts') && !READS_TYPES) {
        expect((await end).stderr).toMatch(/ does not read this TypeScript \(.*\): compile it/);
        return;
      }
      await until(() => child.exitCode !== null || output.stdout.includes(':function:rotate'));
      expect(output.stdout).toContain('function  arn:aws:lambda:eu-west-1:123456789012:function:rotate\n');
    },
  );

  test.each(['test', 'doctor', 'run --yes'])('is one of a bundle, for quarterturn %s', async (command) => {
    const operator = await OperatorRig.make();
    try {
      await operator.add('app/db');
      const line = `quarterturn ${command} app/db --rotator '${at('dist/lambda/gate/index.mjs')}'`;
      const { stdout, stderr } = await (await operator.shell(line)).end;
      // The secret is no gate's, and it is the gate's rotator that says so.
      expect(stdout + stderr).toMatch(/ERR_SECRET_MALFORMED|"url"|WRONG_SHAPE/);
      const typed = await (await operator.shell(line.replace(/dist.*mjs/, 'gate/lambda.ts'))).end;
      expect(typed.stdout + typed.stderr).toMatch(
        READS_TYPES ? /ERR_SECRET_MALFORMED|"url"|WRONG_SHAPE/ : /does not read this TypeScript/,
      );
    } finally {
      await operator.end();
    }
  });

  test('is one of JavaScript, for quarterturn rehearse', async () => {
    execFileSync(join(ROOT, 'node_modules/.bin/esbuild'), [
      ...[at('gate/rehearsal.ts'), '--bundle', '--packages=external', '--platform=node', '--format=esm'],
      ...[`--outfile=${at('made/rehearsal.mjs')}`, '--log-level=error'],
    ]);
    const { code, stdout } = await run(`${env} quarterturn rehearse made/lambda.mjs`);
    expect(stdout).toMatch(/^the gate in memory\n[\s\S]*yes {2}the service refuses the old value\n/);
    expect(code).toBe(0);
    write('made/rehearsal.mjs', 'export const start = 1;');
    const other = await run(`${env} quarterturn rehearse made/lambda.mjs`);
    expect([other.code, other.stdout]).toEqual([2, '']);
    expect(other.stderr).toMatch(
      /cannot use the rehearsal .*\/rehearsal\.mjs: the module does not export a function "startRehearsal"\n$/,
    );
  });
});
