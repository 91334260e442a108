import { writeFileSync } from 'node:fs';
import { startService } from '../../src/cli/init/templates/password/service.js';

const service = await startService();
const secrets = { 'app/gate': service.reset() };
writeFileSync('secrets.json', JSON.stringify(secrets), { mode: 0o600 });
// biome-ignore lint/suspicious/noConsole: what a person at a desk reads
console.log(`the gate is at ${secrets['app/gate'].url}, its secret in secrets.json`);
