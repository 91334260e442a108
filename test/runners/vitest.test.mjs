import { rotatorContract } from 'quarterturn/testing';
import { afterAll, test } from 'vitest';
import { startSubject } from './subject.mjs';

const { subject, stop } = await startSubject();
afterAll(stop);
for (const { name, run } of rotatorContract(subject)) test(name, run, 60_000);
