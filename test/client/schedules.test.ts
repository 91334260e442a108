import { clientWorld, numbersFrom, outcomeOf, pass, Service, unreachable } from '../support/client-world.js';

afterEach(() => jest.useRealTimers());

/**
 * Rotations of one password, at random paces, seen by a writer and by a replica that lags up to three seconds, while Secrets
 * Manager is away now and then for up to three seconds; requests come all the time.
 */
test.each(Array.from({ length: 12 }, (_, seed) => seed + 1))(
  'schedule %i fails nobody, and nobody logs in more than three times',
  async (seed) => {
    const random = numbersFrom(seed);
    const { secret, remote, stage, promote } = await clientWorld();
    const places = [new Service('password-one'), new Service('password-one')] as const;
    const after = (ms: number, work: () => unknown) => setTimeout(work, ms);
    const requests: { outcome: ReturnType<typeof outcomeOf>; logins: number }[] = [];
    let isOver = false;

    const traffic = setInterval(() => {
      if (isOver) return;
      for (const place of places) {
        place.latencyMs = Math.floor(random() * 30);
        const request = { outcome: outcomeOf(Promise.resolve()) as ReturnType<typeof outcomeOf>, logins: 0 };
        request.outcome = outcomeOf<unknown>(
          secret.logIn(
            (value) => {
              request.logins++;
              return place.logIn(value);
            },
            { place },
          ),
        );
        requests.push(request);
      }
    }, 150);

    let version = '';
    for (let n = 2; n < 6; n++) {
      const password = `password-${n}`;
      version = await stage({ password });
      await pass(random() * 4000);
      places[0].accepted.clear();
      places[0].accepted.add(password);
      const lag = random() * 3000;
      after(lag, () => {
        places[1].accepted.clear();
        places[1].accepted.add(password);
      });
      if (random() < 0.5) {
        remote.failure = unreachable();
        after(random() * 3000, () => {
          remote.failure = undefined;
        });
      }
      await pass(200 + random() * 4000);
      await promote(version);
      // The replica has caught up before the next one.
      await pass(4000 + random() * 20_000);
    }
    isOver = true;
    clearInterval(traffic);
    await pass(15_000);

    expect(requests.filter(({ outcome }) => outcome.error !== undefined || !outcome.isOver)).toEqual([]);
    expect(Math.max(...requests.map(({ logins }) => logins))).toBeLessThanOrEqual(3);
    expect(remote.mostAtOnce).toBeLessThanOrEqual(2);
    expect(places[0].refused).toBeLessThanOrEqual(4 * 6);
  },
);
