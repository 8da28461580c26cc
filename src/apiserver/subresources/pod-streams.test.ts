// What log, exec, attach and portforward are refused for before a kubelet is asked.

import { beforeAll, expect, test } from 'vitest';
import { type Harness, startHarness } from '../testing/harness.ts';

const pods = '/api/v1/namespaces/default/pods';
let cluster: Harness;
beforeAll(async () => {
  cluster = await startHarness();
  const named = (...names: string[]) => names.map((name) => ({ name, image: 'i' }));
  const make = (name: string, spec: object) => cluster.call('POST', pods, { metadata: { name }, spec });
  await make('one', { initContainers: named('i'), containers: named('a') });
  await make('two', { initContainers: named('i'), containers: named('a', 'b') });
});

const invalid = (what: string) => `PodLogOptions "one" is invalid: ${what}`;

test.each<[string, number, string]>([
  ['one/log?tailLines=x', 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
  ['one/log?tailLines=-1', 422, invalid('tailLines: Invalid value: -1: must be greater than or equal to 0')],
  ['one/log?limitBytes=0', 422, invalid('limitBytes: Invalid value: 0: must be greater than 0')],
  ['one/log?sinceSeconds=0', 422, invalid('sinceSeconds: Invalid value: 0: must be greater than 0')],
  [
    'one/log?sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z',
    422,
    invalid(': Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified'),
  ],
  ['one/log?stream=Stdout', 422, invalid('stream: Forbidden: may not be specified')],
  // Options come first.
  [
    'none/log?limitBytes=0',
    422,
    'PodLogOptions "none" is invalid: limitBytes: Invalid value: 0: must be greater than 0',
  ],
  ['none/log', 404, 'pods "none" not found'],
  ['one/log?container=x', 400, 'container x is not valid for pod one'],
  ['two/log', 400, 'a container name must be specified for pod two, choose one of: [i a b]'],
  ['two/exec?command=ls', 400, 'a container name must be specified for pod two, choose one of: [i a b]'],
  ['two/exec?command=ls&container=x', 400, 'container x is not valid for pod two'],
  ['two/attach?container=b', 400, 'pod two does not have a host assigned'],
  ['one/exec?command=ls', 400, 'pod one does not have a host assigned'],
  ['one/portforward?ports=80', 400, 'pod one does not have a host assigned'],
])('%s: %d %s', async (path, code, message) => {
  const { code: got, body } = await cluster.call('GET', `${pods}/${path}`);
  expect([got, body.message]).toEqual([code, message]);
});

test('a time that is none', async () => {
  const { code, body } = await cluster.call('GET', `${pods}/one/log?sinceTime=yesterday`);
  expect([code, body.reason]).toEqual([400, 'BadRequest']);
});

test('a pod that nobody runs has an empty log', async () => {
  expect(await cluster.call('GET', `${pods}/one/log`)).toMatchObject({ code: 200, body: '' });
});
