import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { Plugin, PluginBuild } from 'esbuild';
import { packageAt } from './package-at.js';

/** Returns the plugins that keep out of a bundle what a Lambda does not run of AWS's SDK. The first that takes a module decides. */
export function sdkPlugins(): Plugin[] {
  return [withoutOtherPlatforms, versionAlone, directImports];
}

/** Modules of the SDK, and what replaces them. */
const LEFT_OUT: readonly (readonly [filter: RegExp, contents: string])[] = [
  // Lambda puts credentials into the environment: files, processes that a file names, SSO and network addresses must not
  // provide any.
  [
    /[\\/]credential-provider-node[\\/]dist-es[\\/]defaultProvider\.js$/,
    "export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';",
  ],
  // Node.js has its own SHA-256.
  [/[\\/]checksum[\\/]sha256[\\/]Sha256Js\.js$/, 'export const Sha256Js = undefined;'],
];

const withoutOtherPlatforms: Plugin = {
  name: 'without-other-platforms',
  setup(build) {
    for (const [filter, contents] of LEFT_OUT) build.onLoad({ filter }, () => ({ contents }));
  },
};

/** Of its package.json, each client uses only the version. */
const versionAlone: Plugin = {
  name: 'version-alone',
  setup(build) {
    build.onLoad({ filter: /[\\/]@aws-sdk[\\/][^\\/]+[\\/]package\.json$/ }, ({ path }) => {
      const { version } = packageAt(dirname(path));
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};

const SDK_MODULE = /[\\/]node_modules[\\/]@(?:aws-sdk|smithy)[\\/].*[\\/]dist-es[\\/].*\.js$/;
const IMPORT = /^import \{([^}]*)\} from "([^"]+)";/gm;
const EXPORT_FROM = /^export \{([^}]*)\} from "([^"]+)";/gm;
const EXPORT_ALL = /^export \* from "([^"]+)";/gm;
const EXPORT_OWN = /^export (?:const|let|function|async function|class) (\w+)/gm;

/**
 * Makes each module of the SDK import directly from the declaring modules, past the index files. esbuild loads a module at
 * init if any path of imports reaches it, used or not: through the index of all protocols, the XML of RDS would load with the
 * JSON of Secrets Manager. An import that this does not understand stays as it is.
 */
const directImports: Plugin = {
  name: 'direct-imports',
  setup(build) {
    build.onLoad({ filter: SDK_MODULE }, async ({ path }) => ({
      contents: await withDirectImports(path, build),
    }));
  },
};

// Reads each module once, for all bundles.
const withDirectImports = once(async (file, build) => {
  const text = await readFile(file, 'utf8');
  const direct = await Promise.all(
    [...text.matchAll(IMPORT)].map(([statement, list = '', specifier = '']) =>
      directly({ statement, list, specifier }, file, build),
    ),
  );
  return text.replace(IMPORT, (statement) => direct.shift() ?? statement);
});

interface Import {
  readonly statement: string;
  readonly list: string;
  readonly specifier: string;
}

async function directly(
  { statement, list, specifier }: Import,
  file: string,
  build: PluginBuild,
): Promise<string> {
  const target = await pathOf(specifier, file, build);
  const imports = await Promise.all(
    namesIn(list).map(async ([name, local]) => {
      const from = (await originOf(name, target, build)) ?? { file: specifier, name };
      return `import { ${from.name} as ${local} } from ${JSON.stringify(from.file)};`;
    }),
  );
  return imports.join(' ') || statement;
}

interface Origin {
  readonly file: string;
  readonly name: string;
}

/** Returns the module that declares what `file` exports as `name`; undefined if unknown. */
async function originOf(name: string, file: string, build: PluginBuild): Promise<Origin | undefined> {
  if (!SDK_MODULE.test(file)) return undefined;
  const { own, named, all } = await exportsOf(file, build);
  if (own.has(name)) return { file, name };
  const known = named.get(name);
  if (known) return originOf(known.name, await pathOf(known.file, file, build), build);
  for (const each of all) {
    const found = await originOf(name, await pathOf(each, file, build), build);
    if (found) return found;
  }
  return undefined;
}

async function pathOf(specifier: string, file: string, build: PluginBuild): Promise<string> {
  if (specifier.startsWith('.')) return createRequire(file).resolve(specifier);
  return resolved(`${specifier} ${dirname(file)}`, build);
}

const resolved = once(async (key, build) => {
  const [specifier = '', ...folder] = key.split(' ');
  const resolveDir = folder.join(' ');
  return (await build.resolve(specifier, { kind: 'import-statement', resolveDir })).path;
});

const exportsOf = once(async (file) => {
  const text = await readFile(file, 'utf8');
  const named = [...text.matchAll(EXPORT_FROM)].flatMap(([, list = '', specifier = '']) =>
    namesIn(list).map(([name, exported]): [string, Origin] => [exported, { file: specifier, name }]),
  );
  return {
    own: new Set([...text.matchAll(EXPORT_OWN)].map(([, name = '']) => name)),
    named: new Map(named),
    all: [...text.matchAll(EXPORT_ALL)].map(([, specifier = '']) => specifier),
  };
});

/** Returns [a, a] and [b, c] for `a, b as c`. */
function namesIn(list: string): readonly (readonly [name: string, local: string])[] {
  const parts = list.split(',').map((part) => part.trim().split(' as '));
  return parts.flatMap(([name = '', alias = name]) => (name === '' ? [] : [[name, alias] as const]));
}

function once<T>(
  work: (key: string, build: PluginBuild) => Promise<T>,
): (key: string, build: PluginBuild) => Promise<T> {
  const done = new Map<string, Promise<T>>();
  return (key, build) => {
    const made = done.get(key) ?? work(key, build);
    done.set(key, made);
    return made;
  };
}
