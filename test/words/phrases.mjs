// What stops a native reader, and what to write instead.
export const REFUSED = [
  [/\b(?:is|are|was) none\b/i, 'say what is missing: "there is no …", "has no …"'],
  [/\bthat cannot be\b/i, 'say what is wrong with it: "invalid …", "… is not supported"'],
  [/\b(?:is|are|was|were) told\b/i, 'say who tells whom, or "shown", "logged"'],
  [/\bleads? to\b/i, 'say what it does: "causes", "is for", "points to"'],
  [/\bof (?:its|their|one[’']s|our|my|his|her) own\b/i, 'write "its own …"'],
  [/\bbesides\b/i, 'write "also", "as well as" or "except"'],
  [/\bhas not (?:a|the|any)\b/i, 'write "does not have"'],
  [/\b(?:no|not) use\b(?=[.,;]|$)/i, 'say what is wrong with it'],
  [
    /^(?:What|Whoever|Who) (?:is|are|was|were|has|can|may) .{3,60} (?:is|are|was|were) /,
    'begin with the subject',
  ],
];
