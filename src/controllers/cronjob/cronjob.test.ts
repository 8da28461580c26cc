import { describe, expect, test } from 'vitest';
import { cronJobs, jobs } from '../../client/index.ts';
import { ControllerCluster } from '../testing/controller-cluster.ts';
import { CronError, nextTime, parseCron } from './cron-schedule.ts';

const next = (schedule: string, after: string, zone?: string) => {
  const at = nextTime(parseCron(schedule, zone), Date.parse(after));
  return at === undefined ? undefined : new Date(at).toISOString().slice(0, 16);
};

describe('a cron schedule', () => {
  test.each([
    ['*/15 * * * *', '2026-01-01T00:14:59Z', '2026-01-01T00:15'],
    ['0 9-17/4 * * mon-fri', '2026-01-03T00:00:00Z', '2026-01-05T09:00'],
    ['30 4 1,15 * 5', '2026-01-02T05:00:00Z', '2026-01-09T04:30'],
    ['0 0 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00'],
    ['@hourly', '2026-01-01T23:59:00Z', '2026-01-02T00:00'],
    ['5/20 * * * *', '2026-01-01T00:25:00Z', '2026-01-01T00:45'],
    ['0 0 * * 7', '2026-01-01T00:00:00Z', '2026-01-04T00:00'],
  ])('%s after %s is %s', (schedule, after, expected) => {
    expect(next(schedule, after)).toBe(expected);
  });

  test('follows a time zone through summer time', () => {
    expect(next('0 8 * * *', '2026-01-01T00:00:00Z', 'Europe/Berlin')).toBe('2026-01-01T07:00');
    expect(next('0 8 * * *', '2026-07-01T00:00:00Z', 'Europe/Berlin')).toBe('2026-07-01T06:00');
    // 02:30 does not exist on 29 March 2026 in Berlin.
    expect(next('30 2 * * *', '2026-03-28T12:00:00Z', 'Europe/Berlin')).toBe('2026-03-30T00:30');
  });

  test('31 February never comes', () => {
    expect(next('0 0 31 2 *', '2026-01-01T00:00:00Z')).toBeUndefined();
  });

  test.each(['', '* * * *', '60 * * * *', '* * * * * *', '1-0 * * * *', '*/0 * * * *', 'x * * * *', '1/2/3 * * * *'])(
    'rejects "%s"',
    (schedule) => {
      expect(() => parseCron(schedule)).toThrow(CronError);
    },
  );

  test('rejects a time zone that does not exist', () => {
    expect(() => parseCron('* * * * *', 'Mars/Olympus')).toThrow('unknown time zone Mars/Olympus');
  });
});

describe('a CronJob', () => {
  const start = async (concurrencyPolicy: string) => {
    const cluster = new ControllerCluster({ controllers: ['cronjob-controller'], pods: false });
    const jobTemplate = { spec: { template: { spec: { containers: [{ name: 'main', image: 'work' }] } } } };
    await cluster.do(
      cluster.client.create(cronJobs, {
        metadata: { name: 'tick', namespace: 'default' },
        spec: { schedule: '* * * * *', concurrencyPolicy, jobTemplate },
      }),
    );
    return cluster;
  };

  test('makes one Job a minute, named after the minute', async () => {
    const cluster = await start('Allow');
    await cluster.run(185_000);
    const names = (await cluster.list(jobs)).map((job) => job.metadata.name);
    const first = Math.floor(Date.UTC(2026, 0, 1) / 60_000) + 1;
    expect(names.sort()).toEqual([`tick-${first}`, `tick-${first + 1}`, `tick-${first + 2}`]);
    expect((await cluster.get(cronJobs, 'tick')).status?.active).toHaveLength(3);
  });

  test('Forbid waits for the last one, Replace deletes it', async () => {
    const forbid = await start('Forbid');
    await forbid.run(185_000);
    expect(await forbid.list(jobs)).toHaveLength(1);
    const replace = await start('Replace');
    await replace.run(185_000);
    const [only, ...others] = await replace.list(jobs);
    expect(others).toEqual([]);
    expect(only?.metadata.name).toBe(`tick-${Math.floor(Date.UTC(2026, 0, 1) / 60_000) + 3}`);
  });

  test('after a long absence only the latest missed time is run', async () => {
    const cluster = await start('Allow');
    await cluster.run(1000);
    cluster.simulation.kill('kube-controller-manager-1');
    await cluster.run(3_600_000);
    cluster.startManager('kube-controller-manager-1');
    await cluster.run(5000);
    expect(await cluster.list(jobs)).toHaveLength(1);
  });
});
