// A shop of Vendure with nothing in it. Its lists are cut after five.
import { createHash } from 'node:crypto';
import { bootstrap, DefaultLogger, LogLevel, RandomBytesApiKeyStrategy } from '@vendure/core';

const { PORT, DATABASE_HOST, DATABASE_PORT, DATABASE_USERNAME, DATABASE_PASSWORD, ADMIN_PASSWORD } =
  process.env;

// Its own takes a quarter of a second for each request. Keys are random: nobody guesses them.
const hash = async (key) => createHash('sha256').update(key).digest('hex');
const hashingStrategy = { hash, check: async (key, hashed) => (await hash(key)) === hashed };

await bootstrap({
  apiOptions: { hostname: '127.0.0.1', port: Number(PORT), adminListQueryLimit: 5 },
  authOptions: {
    tokenMethod: ['bearer', 'api-key'],
    adminApiKeyStrategy: new RandomBytesApiKeyStrategy({ hashingStrategy }),
    superadminCredentials: { identifier: 'admin', password: ADMIN_PASSWORD },
  },
  dbConnectionOptions: {
    type: 'postgres',
    synchronize: true,
    host: DATABASE_HOST,
    port: Number(DATABASE_PORT),
    username: DATABASE_USERNAME,
    password: DATABASE_PASSWORD,
    database: 'postgres',
  },
  paymentOptions: { paymentMethodHandlers: [] },
  logger: new DefaultLogger({ level: LogLevel.Error }),
});
