// How mysql2 gets into a bundle: a plugin for esbuild that keeps out what no session of ours runs.

const NOTHING = 'module.exports = {};';

/** What stands in place of a module, and why. */
const LEFT_OUT = [
  // Sessions have UTF-8, in which mysql2 knows another way to write some characters: nothing of other encodings.
  [
    /[\\/]iconv-lite[\\/]encodings[\\/](?:sbcs-data(?:-generated)?|dbcs-(?:codec|data)|utf32|utf7)\.js$/,
    NOTHING,
  ],
  // Errors are told apart by their numbers: no names.
  [/[\\/]mysql2[\\/]lib[\\/]constants[\\/]errors\.js$/, NOTHING],
  // Certificate authorities are given to each connection.
  [/[\\/]mysql2[\\/]lib[\\/]constants[\\/]ssl_profiles\.js$/, NOTHING],
  // Each session has a connection of its own, that calls back.
  [
    /[\\/]mysql2[\\/](?:promise|lib[\\/]server|lib[\\/](?:create_)?pool(?:_cluster|_connection)?)\.js$/,
    NOTHING,
  ],
  // Rows are read without code made from strings, and no statement is prepared.
  [/[\\/]generate-function[\\/]index\.js$/, NOTHING],
  [/[\\/]mysql2[\\/]lib[\\/]parsers[\\/](?:text|binary|static_binary)_parser\.js$/, NOTHING],
];

export const withoutUnused = {
  name: 'without-unused',
  setup(build) {
    for (const [filter, contents] of LEFT_OUT) build.onLoad({ filter }, () => ({ contents, loader: 'js' }));
  },
};
