import { after, test } from 'node:test';
import { rotatorContract } from 'quarterturn/testing';
import { startSubject } from './subject.mjs';

const { subject, stop } = await startSubject();
after(stop);
for (const { name, run } of rotatorContract(subject)) test(name, run);
