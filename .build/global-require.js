// Loaded in bundles alone, by the condition `module` in package.json, and before any package. What is CommonJS there (AWS's
// SDK as esbuild takes it by default, pg) asks for Node's own modules by `require`. An ES module has none, and esbuild's
// code then looks for a global one.
if (typeof __filename === 'undefined') {
  globalThis.require ??= (name) => {
    const found = process.getBuiltinModule(name);
    if (found) return found;
    throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
  };
}
