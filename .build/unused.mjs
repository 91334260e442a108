// A plugin for esbuild that keeps out of our bundles what no rotator of ours runs. Other bundles may run it.

const NOTHING = 'module.exports = {};';

/** What stands in place of a module, and why. */
const LEFT_OUT = [
  // Of AWS's SDK: no operation that a rotator of ours calls has a stream of events.
  [/[\\/]submodules[\\/]event-streams[\\/]index\.js$/, 'export {};'],
  // Of mysql2: sessions have UTF-8, in which it knows another way to write some characters: nothing of other encodings.
  [
    /[\\/]iconv-lite[\\/]encodings[\\/](?:sbcs-data(?:-generated)?|dbcs-(?:codec|data)|utf32|utf7)\.js$/,
    NOTHING,
  ],
  // Numbers tell errors apart: no names.
  [/[\\/]mysql2[\\/]lib[\\/]constants[\\/]errors\.js$/, NOTHING],
  // Certificate authorities are given to each connection.
  [/[\\/]mysql2[\\/]lib[\\/]constants[\\/]ssl_profiles\.js$/, NOTHING],
  // Each session has its own connection, which calls back.
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
