import { describe, expect, test } from 'vitest';
import { defaultClusterConfig, processes, workerNodes } from './config.ts';
import { parseClusterConfig } from './parse-config.ts';

const head = 'kind: Cluster\napiVersion: drydock.dev/v1alpha1\n';

describe('parseClusterConfig', () => {
  test('the smallest description is the default cluster', () => {
    expect(parseClusterConfig(head)).toEqual({ config: defaultClusterConfig });
  });

  test('reads nodes in the shape of kind', () => {
    const parsed = parseClusterConfig(`${head}nodes:
- role: control-plane
- role: worker
  labels: {disk: ssd}
- role: worker
  runtime: hollow
controlPlane:
  etcd: 5
`);
    if ('errors' in parsed) throw new Error(parsed.errors.join('\n'));
    expect(workerNodes(parsed.config)).toEqual([
      { role: 'worker', labels: { disk: 'ssd' }, name: 'node-1', ip: '172.18.0.2' },
      { role: 'worker', runtime: 'hollow', name: 'node-2', ip: '172.18.0.3' },
    ]);
    expect(processes(parsed.config).filter(({ role }) => role === 'etcd').length).toBe(5);
  });

  test('names every mistake with its path', () => {
    const parsed = parseClusterConfig(`kind: Custer
apiVersion: v1
name: No Good
nodes:
- role: boss
- role: worker
  memory: lots
  colour: red
controlPlane: {etcd: 0}
networking: {podSubnet: 10.0.0.0/33}
`);
    expect('errors' in parsed && parsed.errors).toEqual([
      'kind: Unsupported value: "Custer": supported values: "Cluster"',
      'apiVersion: Unsupported value: "v1": supported values: "drydock.dev/v1alpha1"',
      expect.stringContaining('name: Invalid value: "No Good"'),
      'nodes[0].role: Unsupported value: "boss": supported values: "control-plane", "worker"',
      'unknown field "nodes[1].colour"',
      'nodes[1].memory: Invalid value: "lots": must be a whole number between 72 and 1024',
      'controlPlane.etcd: Invalid value: 0: must be a whole number between 1 and 7',
      expect.stringContaining('networking.podSubnet: Invalid value: "10.0.0.0/33"'),
    ]);
  });

  test('broken YAML and wrong shapes are errors, not exceptions', () => {
    expect(parseClusterConfig('kind: [')).toHaveProperty('errors');
    expect(parseClusterConfig('just text')).toHaveProperty('errors');
    expect(parseClusterConfig(`${head}nodes: 3`)).toEqual({ errors: ['nodes: Invalid value: 3: must be a list'] });
    expect(parseClusterConfig(`${head}nodes: [{role: worker}]`)).toEqual({
      errors: ['nodes: Required value: at least one node with role "control-plane"'],
    });
  });
});
