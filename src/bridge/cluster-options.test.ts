import { expect, test } from 'vitest';
import { parseServeOptions, parseTokenFile } from './cluster-options.ts';

test('a token file is CSV with three columns or four', () => {
  const text = '# tokens\n\ntok1,alice,1,"g1, g2"\r\ntok2,bob,2\n,nobody,3\ntok3,"o""neil",,\n';
  expect(parseTokenFile(text)).toEqual([
    { token: 'tok1', user: 'alice', uid: '1', groups: ['g1', 'g2'] },
    { token: 'tok2', user: 'bob', uid: '2', groups: [] },
    { token: 'tok3', user: 'o"neil', uid: '', groups: [] },
  ]);
  expect(() => parseTokenFile('a,b,c\ntok,bob')).toThrow(
    'token file line 2 must have at least 3 columns (token, user name, user uid), found 2',
  );
});

test.each([
  [['--nope'], "Unknown option '--nope'"],
  [['--secure-port=70000'], '--secure-port must be a whole number from 0 to 65535, not "70000"'],
  [['--hollow-nodes=-1'], '--hollow-nodes must be a whole number from 0 to 100000, not "-1"'],
  [['--etcd-members=2'], '--etcd-members must be 1, 3 or 5, not "2"'],
  [['--authorization-mode=ABAC'], '--authorization-mode must be RBAC or AlwaysAllow'],
  [['--etcd-compaction-interval=soon'], '--etcd-compaction-interval must be a duration, not "soon"'],
  [['extra'], "Unexpected argument 'extra'. This command does not take positional arguments"],
])('%j is refused', (args, message) => {
  expect(() => parseServeOptions(args)).toThrow(message);
});
