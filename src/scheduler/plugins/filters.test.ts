import { describe, expect, test } from 'vitest';
import { type NodeDraft, node, type PodDraft, pod, world } from '../testing/world.ts';

interface Case {
  name: string;
  nodes?: Record<string, NodeDraft>;
  there?: Record<string, PodDraft[]>;
  pod: PodDraft;
  /** A node's name, or the whole message. */
  expected: string;
}

const zones = { a: { labels: { zone: 'one' } }, b: { labels: { zone: 'two' } } };
const web = { app: 'web' };
const selector = { matchLabels: web };
const byHost = { topologyKey: 'kubernetes.io/hostname', labelSelector: selector };
const byZone = { topologyKey: 'zone', labelSelector: selector };
const spread = { ...byZone, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' };
const noAffinity = "1 node(s) didn't match Pod's node affinity/selector";

const cases: Case[] = [
  { name: 'no nodes', nodes: {}, pod: {}, expected: '0/0 nodes are available' },
  { name: 'room for it', pod: { requests: { cpu: '4' } }, expected: 'a' },
  {
    name: 'asks for more than a node has',
    pod: { requests: { cpu: '5' } },
    expected: '0/1 nodes are available: 1 Insufficient cpu.',
  },
  {
    name: 'others have taken it',
    there: { a: [{ requests: { cpu: '3', memory: '8Gi' } }] },
    pod: { requests: { cpu: '1500m', memory: '1' } },
    expected: '0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory.',
  },
  {
    name: 'an extended resource no node has',
    pod: { requests: { 'example.com/gpu': '1' } },
    expected: '0/1 nodes are available: 1 Insufficient example.com/gpu.',
  },
  {
    name: 'too many pods',
    nodes: { a: { allocatable: { pods: '1' } } },
    there: { a: [{}] },
    pod: {},
    expected: '0/1 nodes are available: 1 Too many pods.',
  },
  {
    name: 'cordoned',
    nodes: { a: { unschedulable: true } },
    pod: {},
    expected: '0/1 nodes are available: 1 node(s) were unschedulable.',
  },
  {
    name: 'cordoned but tolerated',
    nodes: { a: { unschedulable: true } },
    pod: { tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' }] },
    expected: 'a',
  },
  {
    name: 'spec.nodeName-like name',
    nodes: { a: {}, b: {} },
    pod: { nodeSelector: { 'kubernetes.io/hostname': 'b' } },
    expected: 'b',
  },
  {
    name: 'node selector that matches nothing',
    pod: { nodeSelector: { disk: 'ssd' } },
    expected: `0/1 nodes are available: ${noAffinity}.`,
  },
  {
    name: 'required node affinity: In, Gt and DoesNotExist together',
    nodes: {
      a: { labels: { cores: '4', zone: 'one' } },
      b: { labels: { cores: '8', zone: 'one' } },
      c: { labels: { cores: '16', zone: 'one', old: '' } },
    },
    pod: {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              {
                matchExpressions: [
                  { key: 'zone', operator: 'In', values: ['one', 'two'] },
                  { key: 'cores', operator: 'Gt', values: ['4'] },
                  { key: 'old', operator: 'DoesNotExist' },
                ],
              },
            ],
          },
        },
      },
    },
    expected: 'b',
  },
  {
    name: 'terms of node affinity are alternatives',
    nodes: zones,
    pod: {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'zone', operator: 'In', values: ['none'] }] },
              { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] },
            ],
          },
        },
      },
    },
    expected: 'b',
  },
  {
    name: 'a taint',
    nodes: { a: { taints: [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }] } },
    pod: {},
    expected: '0/1 nodes are available: 1 node(s) had untolerated taint(s).',
  },
  {
    name: 'a taint of another value than tolerated',
    nodes: { a: { taints: [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }] } },
    pod: { tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'web', effect: 'NoSchedule' }] },
    expected: '0/1 nodes are available: 1 node(s) had untolerated taint(s).',
  },
  {
    name: 'a tolerated taint, any effect',
    nodes: { a: { taints: [{ key: 'dedicated', value: 'db', effect: 'NoExecute' }] } },
    pod: { tolerations: [{ key: 'dedicated', operator: 'Exists' }] },
    expected: 'a',
  },
  {
    name: 'PreferNoSchedule does not forbid',
    nodes: { a: { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] } },
    pod: {},
    expected: 'a',
  },
  {
    name: 'a host port that is taken',
    there: { a: [{ hostPort: 80 }] },
    pod: { hostPort: 80 },
    expected: "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
  },
  { name: 'another host port', there: { a: [{ hostPort: 80 }] }, pod: { hostPort: 81 }, expected: 'a' },
  {
    name: 'affinity to a pod in another zone',
    nodes: zones,
    there: { b: [{ labels: web }] },
    pod: { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [byZone] } } },
    expected: 'b',
  },
  {
    name: 'affinity to nothing that exists',
    nodes: zones,
    pod: { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [byZone] } } },
    expected: "0/2 nodes are available: 2 node(s) didn't match pod affinity rules.",
  },
  {
    name: 'affinity to itself: the first of its kind may go anywhere',
    nodes: { a: zones.a },
    pod: { labels: web, affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [byZone] } } },
    expected: 'a',
  },
  {
    name: 'affinity does not reach into other namespaces',
    nodes: { a: zones.a },
    there: { a: [{ labels: web, namespace: 'other' }] },
    pod: { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [byZone] } } },
    expected: "0/1 nodes are available: 1 node(s) didn't match pod affinity rules.",
  },
  {
    name: 'affinity reaches into namespaces it names',
    nodes: { a: zones.a },
    there: { a: [{ labels: web, namespace: 'other' }] },
    pod: {
      affinity: {
        podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ ...byZone, namespaces: ['other'] }] },
      },
    },
    expected: 'a',
  },
  {
    name: 'anti-affinity keeps away from its like',
    nodes: { a: {}, b: {} },
    there: { a: [{ labels: web }] },
    pod: { labels: web, affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [byHost] } } },
    expected: 'b',
  },
  {
    name: 'anti-affinity with every host taken',
    there: { a: [{ labels: web }] },
    pod: { labels: web, affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [byHost] } } },
    expected: "0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules.",
  },
  {
    name: 'the anti-affinity of pods that are there counts against newcomers',
    there: { a: [{ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [byHost] } } }] },
    pod: { labels: web },
    expected: "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules.",
  },
  {
    name: 'spread: the emptier zone',
    nodes: zones,
    there: { a: [{ labels: web }] },
    pod: { labels: web, topologySpreadConstraints: [spread] },
    expected: 'b',
  },
  {
    name: 'spread: skew would be too large',
    nodes: { ...zones, b: { ...zones.b, unschedulable: true } },
    there: { a: [{ labels: web }] },
    pod: { labels: web, topologySpreadConstraints: [spread] },
    expected:
      "0/2 nodes are available: 1 node(s) didn't match pod topology spread constraints, 1 node(s) were unschedulable.",
  },
  {
    name: 'spread: nodes without the label cannot take it',
    pod: { labels: web, topologySpreadConstraints: [spread] },
    expected:
      "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label).",
  },
  {
    name: 'spread: minDomains counts missing domains as empty',
    nodes: { a: zones.a },
    there: { a: [{ labels: web }] },
    pod: { labels: web, topologySpreadConstraints: [{ ...spread, minDomains: 2 }] },
    expected: "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints.",
  },
  {
    name: 'spread: pods the selector does not match do not count',
    nodes: { a: zones.a, b: { ...zones.b, unschedulable: true } },
    there: { a: [{ labels: { app: 'other' } }] },
    pod: { labels: web, topologySpreadConstraints: [spread] },
    expected: 'a',
  },
];

describe('filters of the default profile', () => {
  test.each(cases)('$name', ({ nodes = { a: {} }, there = {}, pod: draft, expected }) => {
    const w = world({
      nodes: Object.entries(nodes).map(([name, each]) => node(name, each)),
      pods: Object.fromEntries(
        Object.entries(there).map(([name, drafts]) => [name, drafts.map((each, i) => pod(`${name}-${i}`, each))]),
      ),
    });
    expect(w.place(pod('new', draft))).toBe(expected);
  });

  test('a namespaceSelector of an affinity term looks at the labels of namespaces', () => {
    const term = { ...byHost, namespaceSelector: { matchLabels: { team: 'x' } } };
    const make = (team: string) =>
      world({
        nodes: [node('a')],
        pods: { a: [pod('there', { labels: web, namespace: 'other' })] },
        namespaces: [{ metadata: { name: 'other', labels: { team } } } as never],
      }).place(pod('new', { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } }));
    expect(make('x')).toBe('a');
    expect(make('y')).toContain("didn't match pod affinity rules");
  });

  test('a sidecar counts with the containers, an init container only as the larger of the two', () => {
    const init = (cpu: string, restartPolicy?: string) => ({
      name: `i${cpu}`,
      image: 'x',
      restartPolicy,
      resources: { requests: { cpu } },
    });
    const w = world({ nodes: [node('a')] });
    const place = (initContainers: object[]) =>
      w.place(pod('new', { requests: { cpu: '2' }, initContainers: initContainers as never }));
    expect(place([init('4')])).toBe('a');
    expect(place([init('2', 'Always')])).toBe('a');
    expect(place([init('3', 'Always')])).toContain('Insufficient cpu');
    expect(place([init('2', 'Always'), init('3')])).toContain('Insufficient cpu');
  });

  test('a pod steps aside for one of its rank that is nominated to the node', () => {
    const rival = pod('rival', { requests: { cpu: '4' }, priority: 10 });
    const w = world({ nodes: [node('a')], nominated: { a: [rival] } });
    expect(w.place(pod('lesser', { requests: { cpu: '1' }, priority: 5 }))).toContain('Insufficient cpu');
    expect(w.place(pod('greater', { requests: { cpu: '1' }, priority: 20 }))).toBe('a');
    expect(w.place(rival)).toBe('a');
  });
});
