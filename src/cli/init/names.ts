/** The forms of a rotator's name. */
export interface Names {
  /** `door-lock`: the folder, and the rotator in logs. */
  readonly folder: string;
  /** `doorLock`: the function that makes it. */
  readonly code: string;
  /** `DoorLock`: in the names of types. */
  readonly type: string;
}

const RESERVED = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends false ' +
    'finally for function if implements import in instanceof interface let new null package private protected public return ' +
    'static super switch this throw true try typeof undefined var void while with yield'
  ).split(' '),
);

/**
 * Returns the forms of a name.
 *
 * @param sources texts in which the name must not stand for something else
 * @param example the rotator's name in these texts
 */
export function namesOf(name: string, sources: readonly string[], example: string): Names {
  const type = name.replace(/(?:^|-)(\w)/g, (_, first: string) => first.toUpperCase());
  const plain = `${type.charAt(0).toLowerCase()}${type.slice(1)}`;
  const isUsed = sources.some((source) => new RegExp(`\\b${plain}\\b`).test(source)) && plain !== example;
  return { folder: name, code: isUsed || RESERVED.has(plain) ? `${plain}Rotator` : plain, type };
}

/** Returns a template with its rotator, `gate`, renamed. In strings and sentences it takes the folder's name. */
export function renamed(source: string, example: string, { folder, code, type }: Names): string {
  const first = example.charAt(0).toUpperCase() + example.slice(1);
  const word = `(?<type>\\b${first}(?=[A-Z]))|(?<told>(?<=['/]|\\b[Tt]he )${example}\\b)|\\b${example}\\b`;
  return source.replace(new RegExp(word, 'g'), (...match) => {
    const groups: Record<string, string | undefined> = match.at(-1);
    if (groups.type !== undefined) return type;
    return groups.told === undefined ? code : folder;
  });
}
