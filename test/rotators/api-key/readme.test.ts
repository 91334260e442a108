import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { desk } from '../../../src/cli/init/templates/http-spec/rotator.js';
import { rig, rotatorContract } from '../../../src/testing/index.js';
import { deskDialect } from '../../support/desk-provider.js';
import { ProviderServer } from '../../support/provider-server.js';

const read = (path: string) => readFileSync(join(__dirname, '../../..', path), 'utf8');
const README = read('rotators/api-key/README.md');

test("the README's rotator is the one that is run here, in fewer than 30 lines", () => {
  const code = read('src/cli/init/templates/http-spec/rotator.ts').replace(
    "'../../../../../rotators/api-key/index.js'",
    "'quarterturn/rotators/api-key'",
  );
  expect(README).toContain(`\`\`\`ts\n${code}\`\`\`\n`);
  expect(code.split('\n').length).toBeLessThan(30);
});

test('the README has a row for each member of a spec and each placeholder, and its links lead to files', () => {
  const members = read('rotators/api-key/spec.ts').matchAll(/^ {2}readonly (\w+)\??:/gm);
  for (const [, member] of members) expect(README).toMatch(new RegExp(`[\`. ]${member}\\b`));
  const placeholders = read('rotators/api-key/spec.ts').match(/(?<=^ \* - `)\{[^}]*\}/gm) ?? [];
  expect(placeholders).toHaveLength(9);
  for (const placeholder of placeholders.map((text) => text.replace(/pointer|field/, ''))) {
    expect(README.replace(/scopes|field/g, '')).toContain(placeholder);
  }
  for (const [, path] of README.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
    expect(() => readFileSync(join(__dirname, '../../../rotators/api-key', path!))).not.toThrow(/ENOENT/);
  }
});

describe("the README's rotator", () => {
  let provider: ProviderServer;
  beforeAll(async () => {
    provider = await ProviderServer.start(deskDialect);
  });
  beforeEach(() => provider.reset());
  afterAll(() => provider.stop());

  const first = () => {
    const { id, key } = provider.keys.issue('made by hand');
    return { url: provider.url, key, keyId: id };
  };

  test.each(
    rotatorContract({
      rotator: desk,
      reset() {
        provider.reset();
        return first();
      },
      accepts: (secret) => provider.keys.live().some(({ key }) => key === secret.key),
      line: () => provider.line,
      credentials: () => provider.live().length,
      overlaps: true,
    }),
  )('$name', ({ run }) => run());

  test('leaves two keys live', async () => {
    const { rotate } = await rig(desk(), { secret: first() });
    for (let rotation = 1; rotation <= 3; rotation++) {
      expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    }
    expect(provider.live()).toEqual(['1003', '1004']);
  });
});
