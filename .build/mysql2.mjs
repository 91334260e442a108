// How mysql2 gets into a bundle: a plugin for esbuild that keeps out what no session of ours runs.

/** What stands in place of a module, and why. */
const LEFT_OUT = [
  // Sessions have UTF-8, in which mysql2 knows another way to write some characters: no tables of other encodings.
  [/[\\/]iconv-lite[\\/]encodings[\\/](?:sbcs-data(?:-generated)?|dbcs-data)\.js$/, 'module.exports = {};'],
  // Errors are told apart by their numbers: no names.
  [/[\\/]mysql2[\\/]lib[\\/]constants[\\/]errors\.js$/, 'module.exports = {};'],
  // Certificate authorities are given to each connection.
  [/[\\/]mysql2[\\/]lib[\\/]constants[\\/]ssl_profiles\.js$/, 'module.exports = {};'],
];

export const withoutTables = {
  name: 'without-tables',
  setup(build) {
    for (const [filter, contents] of LEFT_OUT) build.onLoad({ filter }, () => ({ contents, loader: 'js' }));
  },
};
