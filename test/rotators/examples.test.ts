import { entra } from '../../rotators/entra/index.js';
import { iam } from '../../rotators/iam/index.js';
import { sesSmtp } from '../../rotators/iam/ses-smtp/index.js';
import * as ofMysql from '../../rotators/mysql/index.js';
import * as ofPostgres from '../../rotators/postgres/index.js';
import { serviceToken } from '../../rotators/service-token/index.js';
import { rotationHandler } from '../../src/index.js';
import { examplesIn } from '../support/examples.js';

const { mysql, rdsInstance } = ofMysql;
const { postgres } = ofPostgres;

/** The folder, the import and the call of each example, and the same call once more. */
test.each([
  ['entra', 'entra', 'entra({ lifetimeDays: 180 })', () => rotationHandler(entra({ lifetimeDays: 180 }))],
  ['iam', 'iam', 'iam({ ownsEveryKey: true })', () => rotationHandler(iam({ ownsEveryKey: true }))],
  [
    'iam/ses-smtp',
    'iam/ses-smtp',
    'sesSmtp({ ownsEveryKey: true })',
    () => rotationHandler(sesSmtp({ ownsEveryKey: true })),
  ],
  ['mysql', 'mysql', 'mysql()', () => rotationHandler(mysql())],
  [
    'mysql/alternating-users',
    'mysql',
    "alternatingUsers({ pairs: { app: 'app_b' } })",
    () => rotationHandler(ofMysql.alternatingUsers({ pairs: { app: 'app_b' } })),
  ],
  ['mysql/rds-instance', 'mysql', 'rdsInstance()', () => rotationHandler(rdsInstance())],
  ['postgres', 'postgres', 'postgres()', () => rotationHandler(postgres())],
  [
    'postgres/alternating-users',
    'postgres',
    "alternatingUsers({ pairs: { app: 'app_b' } })",
    () => rotationHandler(ofPostgres.alternatingUsers({ pairs: { app: 'app_b' } })),
  ],
  ['postgres/rds-instance', 'postgres', 'rdsInstance()', () => rotationHandler(ofPostgres.rdsInstance())],
  ['service-token', 'service-token', 'serviceToken()', () => rotationHandler(serviceToken())],
])('the example of rotators/%s makes a handler', (folder, imported, call, make) => {
  const [name] = call.split('(');
  expect(examplesIn(`rotators/${folder}/index.ts`)).toContain(
    "import { rotationHandler } from 'quarterturn';\n" +
      `import { ${name} } from 'quarterturn/rotators/${imported}';\n\n` +
      `export const handler = rotationHandler(${call});\n`,
  );
  expect(make()).toBeInstanceOf(Function);
});
