import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { STEPS } from '../../step.js';
import { type Line, tcpOf } from '../line.js';
import { type Clause, clause, type Json, type Stand } from '../subject.js';
import { Trial, type TrialOptions, type Values } from '../trial.js';

const PROOF =
  'whoever can write the secret chooses the user in it. Before you use an administrator’s right, log in with AWSCURRENT. Try ' +
  'AWSPENDING too: an earlier attempt may have set it. If nothing can prove the credential, declare `provesCurrent: false`';
const SAME = 'Only a login as AWSPENDING’s user, at AWSPENDING’s host, is a proof';

/** Nobody gets more from an administrator's right than the secret itself gives. */
export function administrators(stand: Stand): Clause[] {
  const { accepts, credentials, line, others } = stand;

  /**
   * Rotates a secret whose AWSCURRENT the service refuses, and checks that nobody acts for it.
   *
   * @returns whether the failure that `disturb` ordered has happened
   */
  async function actsForNobody(advice: string, options: TrialOptions, disturb?: (line: Line) => void) {
    const trial = await Trial.begin(stand, { current: stand.refused, ...options });
    const before = await credentials?.();
    disturb?.(line());
    for (const step of ['createSecret', 'setSecret'] as const) if (await trial.outcome(step)) break;
    const hasFailed = line().mend();
    const pending = await trial.value('AWSPENDING').catch(() => undefined);
    assert.ok(!pending || !(await accepts(pending)), `${advice} (the service accepts AWSPENDING now)`);
    const isKept = await accepts(trial.values.secret);
    assert.ok(isKept, `${advice} (the service no longer accepts the credential that it accepted before)`);
    const after = await credentials?.();
    assert.ok(after === before, `${advice} (the service held ${before} credentials, and holds ${after})`);
    return hasFailed;
  }

  /** Versions that the service accepts, of other users and places than AWSPENDING's. */
  async function* strangers(): AsyncGenerator<[whose: string, of: (values: Values) => Json]> {
    for (const name of Object.keys((await others?.()) ?? {})) {
      yield ['another user', ({ secret, others }) => ({ ...secret, ...sharedFields(others[name], secret) })];
    }
    const neighbour = await stand.reset();
    yield ['another user', () => neighbour];
    const tcp = tcpOf(line());
    const port = await tcp?.another();
    yield ['another place', ({ secret }) => moved(secret, Number(tcp?.ports[0]), Number(port))];
  }

  const { provesCurrent = others !== undefined } = stand;
  return [
    ...(provesCurrent
      ? [
          clause(
            'uses nobody else’s right until the service has accepted the secret’s own credential',
            async () => {
              await actsForNobody(
                `the service refused AWSCURRENT, and the rotator changed the credential all the same: ${PROOF}`,
                {},
              );
              for (const how of ['lost', 'unanswered'] as const) {
                const advice =
                  `the service did not answer for AWSCURRENT (a message was ${how}), and the rotator changed the credential all the ` +
                  `same: no answer is no proof, and ${PROOF}`;
                let message = 1;
                const failAt = (way: Line) => way.failAt(message, how);
                while (await actsForNobody(advice, {}, failAt)) message++;
              }
            },
          ),

          clause('takes no proof from an AWSPREVIOUS of another user or place', async () => {
            for await (const [whose, of] of strangers()) {
              const previous = async (values: Values) => {
                const stranger = of(values);
                return !isTheSame(stranger, values.secret) && (await accepts(stranger))
                  ? JSON.stringify(stranger)
                  : undefined;
              };
              const advice = `the service refused AWSCURRENT, AWSPREVIOUS was of ${whose}, and the rotator changed the credential all the same`;
              await actsForNobody(`${advice}: ${PROOF}. ${SAME}`, { previous });
            }
          }),
        ]
      : []),

    ...(others
      ? [
          clause('keeps no secret of an administrator for a later rotation', async () => {
            const advice =
              'the administrator’s secret was rotated, and this container still used the old value: call context.readSecret() ' +
              'in every step';
            const trial = await Trial.begin(stand);
            const right = trial.values.others;
            for (const [SecretId, json] of Object.entries(right)) {
              const SecretString = JSON.stringify(unfit(json));
              await trial.secrets.putSecretValue({ SecretId, SecretString });
            }
            for (const step of STEPS) if (await trial.outcome(step)) break;
            for (const [SecretId, json] of Object.entries(right)) {
              await trial.secrets.putSecretValue({ SecretId, SecretString: JSON.stringify(json) });
            }
            await trial.steps(STEPS, advice);
            // Once more, with one that has worked.
            await trial.beginAnew();
            await trial.run(advice);
          }),
        ]
      : []),
  ];

  function isTheSame(one: Json, other: Json): boolean {
    const { rotates, shows } = stand.declared();
    const named = Object.keys(other).filter((field) => !rotates.includes(field) || shows.includes(field));
    return named.every((field) => isDeepStrictEqual(one[field], other[field]));
  }

  /** Another secret with values that the service does not accept any more. */
  function unfit(json: Json): Json {
    const { shows } = stand.declared();
    const spoilt = (value: unknown) => (typeof value === 'string' ? `${value}-of-old` : value);
    return Object.fromEntries(
      Object.entries(json).map(([field, value]) => [field, shows.includes(field) ? value : spoilt(value)]),
    );
  }
}

function sharedFields(from: Json | undefined, to: Json): Json {
  return Object.fromEntries(Object.entries(from ?? {}).filter(([field]) => field in to));
}

/** A secret with another port. */
function moved(secret: Json, from: number, to: number): Json {
  const change = (value: unknown): unknown => {
    if (value === from) return to;
    if (typeof value !== 'string') return value;
    return value === String(from) ? String(to) : value.replaceAll(`:${from}`, `:${to}`);
  };
  return Object.fromEntries(Object.entries(secret).map(([field, value]) => [field, change(value)]));
}
