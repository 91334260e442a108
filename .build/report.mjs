// What is in a bundle, and what must not be.
import { isBuiltin } from 'node:module';
import { deflateRawSync } from 'node:zlib';
import { esbuildOptions } from '../dist/esm/src/cli/bundle/esbuild-options.js';

/** Drivers ask for them, and do without. */
const { external: ABSENT } = esbuildOptions([]);

const MOST_AT_INIT = 225_000;
const MOST_ZIPPED = 200_000;

const NEVER = [
  [/^(?:aws-sdk-client-mock|@?sinon\b.*|@?jest\b.*|fast-check)\//, 'a tool of the tests'],
  [/^\.\/(?:src\/(?:local|testing|cli)|test)\//, 'not for Lambda'],
  [/^\.\/rotators\/.*\/(?:(?:rehearsal|embedded-server)\.ts$|rehearsal\/)/, 'not for Lambda'],
  [/^@aws-sdk\/client-[^/]+\/dist-es\/SecretsManager\.js$/, 'the client with all commands'],
  [/^@(?:aws-sdk|smithy)\/credential-provider-(?!env\/|node\/)/, 'credentials from elsewhere than Lambda'],
];

/** Describes a bundle: `entry` is its entry point, `files` are what is deployed, by their paths in its folder. */
export function describe({ metafile, entry, files }) {
  const { outputs } = metafile;
  const first = Object.keys(outputs).find((path) => outputs[path].entryPoint === entry);
  const atInit = reach(outputs, first);
  const code = Object.keys(outputs).filter((path) => !path.endsWith('.map'));
  const bytes = (paths) => [...paths].reduce((sum, path) => sum + outputs[path].bytes, 0);
  return {
    entry,
    initBytes: bytes(atInit),
    totalBytes: bytes(code),
    zipBytes: zipBytes(files),
    initModules: modulesIn(outputs, atInit),
    lazyModules: modulesIn(
      outputs,
      code.filter((path) => !atInit.has(path)),
    ),
    missing: code
      .flatMap((path) => outputs[path].imports)
      .filter(({ external, path }) => external && !isBuiltin(path) && !ABSENT.includes(path))
      .map(({ path }) => path),
  };
}

/** What is wrong with a bundle, in sentences. Its own drivers are loaded when they are used, others not at all. */
export function problemsOf(bundle, { drivers, allDrivers }) {
  const { entry, initBytes, zipBytes, initModules, lazyModules, missing } = bundle;
  const modules = [...initModules, ...lazyModules];
  const folder = entry.split('/').slice(0, 2).join('/');
  const isOf = (names) => (module) => names.find((name) => module.startsWith(`${name}/`)) ?? [];
  const strangers = modules.filter(
    (path) => /^\.\/rotators\/(?!databases\/)/.test(path) && !path.startsWith(`./${folder}/`),
  );
  const alien = allDrivers.filter((name) => !drivers.includes(name));
  return [
    ...NEVER.flatMap(([what, why]) =>
      modules.filter((module) => what.test(module)).map((module) => `contains ${module}: ${why}`),
    ),
    ...strangers.map((module) => `contains ${module}: another rotator`),
    ...unique(modules.flatMap(isOf(alien))).map((name) => `contains ${name}: the driver of another rotator`),
    ...unique(initModules.flatMap(isOf(drivers))).map((name) => `loads ${name} before it is used`),
    ...unique(missing).map((name) => `needs ${name}, which is not in it`),
    ...(initBytes > MOST_AT_INIT ? [`loads ${initBytes} bytes at once: ${MOST_AT_INIT} at most`] : []),
    ...(zipBytes > MOST_ZIPPED ? [`has ${zipBytes} bytes as a zip: ${MOST_ZIPPED} at most`] : []),
  ];
}

/** The files that are loaded when one is. */
function reach(outputs, first) {
  const reached = new Set([first]);
  for (const path of reached) {
    for (const { kind, external, path: next } of outputs[path].imports) {
      if (!external && kind !== 'dynamic-import') reached.add(next);
    }
  }
  return reached;
}

/** `./src/index.ts`, `pg/lib/client.js`: wherever node_modules is. */
function modulesIn(outputs, paths) {
  const inputs = [...paths].flatMap((path) => Object.entries(outputs[path].inputs));
  const used = inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
  return unique(used.map((path) => path.split(/(?:^|\/)node_modules\//).at(-1)))
    .map((path) => (used.includes(path) ? `./${path}` : path))
    .sort();
}

/** As `zip -9 -X -D` makes it: of each file a header before it and one at the end, and its name twice. */
function zipBytes(files) {
  const sizes = Object.entries(files).map(
    ([path, contents]) => 30 + 46 + 2 * path.length + deflateRawSync(contents, { level: 9 }).length,
  );
  return sizes.reduce((sum, size) => sum + size, 22);
}

function unique(values) {
  return [...new Set(values)];
}
