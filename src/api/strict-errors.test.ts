import { expect, test } from 'vitest';
import { parseDocument } from './decode.ts';
import { decodeRequest } from './decode-request.ts';
import { inTextOrder } from './strict-errors.ts';

const deployment = { group: 'apps', version: 'v1', kind: 'Deployment', type: 'Deployment' };
const complaints = (text: string) => decodeRequest(parseDocument(text, 'json'), deployment, 'Warn').warnings;

test('come in the order of the text, each once', () => {
  const text = `{
    "metadata": {"name": "x", "foo": 1},
    "spec": {
      "unknown1": 1, "unknownDupe": 1, "unknownDupe": 2, "paused": true, "paused": false,
      "template": {"spec": {"containers": [{
        "name": "c", "unknownNested": {"a": 1, "a": 2}, "imagePullPolicy": "Always", "imagePullPolicy": "Never"
      }]}}
    }, "last": 1
  }`;
  expect(complaints(text)).toEqual([
    'unknown field "metadata.foo"',
    'unknown field "spec.unknown1"',
    'unknown field "spec.unknownDupe"',
    'duplicate field "spec.paused"',
    'unknown field "spec.template.spec.containers[0].unknownNested"',
    'duplicate field "spec.template.spec.containers[0].imagePullPolicy"',
    'unknown field "last"',
  ]);
});

test('about no field come first', () => {
  expect(inTextOrder({ b: 1, a: 1 }, ['unknown field "a"', 'yaml: line 2', 'unknown field "b"'])).toEqual([
    'yaml: line 2',
    'unknown field "b"',
    'unknown field "a"',
  ]);
});
