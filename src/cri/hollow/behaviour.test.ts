import { expect, test } from 'vitest';
import { type BehaviourContext, behave } from './behaviour.ts';

const context: BehaviourContext = {
  envs: { NAME: 'web', EMPTY: '' },
  hostname: 'pod-1',
  now: () => Date.UTC(2026, 0, 2, 3, 4, 5),
  readFile: (path) => (path === '/etc/app/key' ? 'value\n' : undefined),
};

/** What it printed and did, in short, and how it ended ("runs": keeps running). */
function play(...argv: string[]): string {
  const behaviour = behave(argv, context);
  let out = '';
  for (let i = 0; i < 20; i++) {
    const step = behaviour.next();
    if (step.done) return `${out}=> ${step.value ?? 'runs'}`;
    const effect = step.value;
    if ('write' in effect) out += `${effect.stream === 'stderr' ? '!' : ''}${effect.write.replaceAll('\n', '|')} `;
    else if ('file' in effect) out += `${effect.file}${effect.append ? '+' : ''}=${effect.content.trim()} `;
    else if ('sleepMilliseconds' in effect) out += `sleep(${effect.sleepMilliseconds / 1000}) `;
    else out += 'trap ';
  }
  return `${out}...`;
}

const sh = (script: string) => play('sh', '-c', script);

test.each([
  [['true'], '=> 0'],
  [['/bin/false'], '=> 1'],
  [['sleep', '5'], 'sleep(5) => 0'],
  [['sleep', '1m', '5'], 'sleep(65) => 0'],
  [['sleep', 'soon'], "!sleep: invalid number 'soon'| => 1"],
  [['echo', '-n', 'a', 'b'], 'a b => 0'],
  [['hostname'], 'pod-1| => 0'],
  [['printenv', 'NAME'], 'web| => 0'],
  [['printenv', 'NONE'], '=> 1'],
  [['cat', '/etc/app/key'], 'value| => 0'],
  [['cat', '/etc/passwd'], '=> runs'],
  [['nginx', '-g', 'daemon off;'], '=> runs'],
  [['sh'], '=> 0'],
])('%j', (argv, wanted) => {
  expect(play(...argv)).toBe(wanted);
});

test.each([
  ['exit 1', '=> 1'],
  ['exit 300', '=> 44'],
  ['echo a; echo b >&2', 'a| !b| => 0'],
  ['false && echo no || echo yes', 'yes| => 0'],
  ['false; true', '=> 0'],
  ['true && exit 3; echo never', '=> 3'],
  [`echo "$NAME is '$HOSTNAME'" '$NAME' \${NAME}!`, "web is 'pod-1' $NAME web!| => 0"],
  ['echo $(hostname) "$(cat /etc/app/key)"', 'pod-1 value| => 0'],
  ['echo x > /tmp/f; echo y >> /tmp/f; echo z > /dev/null', '/tmp/f=x /tmp/f+=y => 0'],
  ['# comment\necho a # more\n', 'a| => 0'],
  ["trap '' TERM; sleep 9", 'trap sleep(9) => 0'],
  ['date', 'Fri Jan  2 03:04:05 UTC 2026| => 0'],
  ['echo start; ./server', 'start| => runs'],
  ['while true; do echo tick; sleep 1; done', `${'tick| sleep(1) '.repeat(10)}...`],
  ['while true; do echo once; done', 'once| => runs'],
])('sh -c %j', (script, wanted) => {
  expect(sh(script)).toBe(wanted);
});

test.each([
  'a | b',
  'sleep 5 &',
  'if true; then echo x; fi',
  'echo `date`',
  'echo "open',
  'for i in 1 2; do echo $i; done',
  'cat < /x',
  'X=1 echo',
  'while false; do echo x; done',
  '(echo a)',
])('what is not understood is not played: %j', (script) => {
  expect(sh(script)).toBe('=> runs');
});
