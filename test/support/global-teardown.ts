import { rm } from 'node:fs/promises';

export default async function tearDown(): Promise<void> {
  await rm(String(process.env.QUARTERTURN_TEST_RUN), { recursive: true, force: true });
}
