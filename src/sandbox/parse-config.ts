// Reads a cluster description as a user writes it (kind's shape) and answers with every mistake at once, each with its path.

import { parse, YAMLParseError } from 'yaml';
import { type ClusterConfig, defaultClusterConfig, type NodeConfig } from './config.ts';

export type ParsedConfig = { config: ClusterConfig } | { errors: string[] };

/** Limits of one browser tab, not of Kubernetes. */
const limits = { nodes: 200, linuxNodes: 8, etcd: 7, replicas: 5 };

type Fields = Record<string, unknown>;

/** Parses YAML or JSON text. Fields left out take their defaults; unknown fields are errors, as in strict Kubernetes decoding. */
export function parseClusterConfig(text: string): ParsedConfig {
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 20 });
  } catch (error) {
    return { errors: [error instanceof YAMLParseError ? error.message : String(error)] };
  }
  const errors: string[] = [];
  const config = readConfig(value, errors);
  return errors.length > 0 ? { errors } : { config };
}

function readConfig(value: unknown, errors: string[]): ClusterConfig {
  const fields = object(value, '', ['kind', 'apiVersion', 'name', 'nodes', 'controlPlane', 'networking'], errors);
  if (fields['kind'] !== 'Cluster')
    errors.push(`kind: Unsupported value: ${show(fields['kind'])}: supported values: "Cluster"`);
  if (fields['apiVersion'] !== defaultClusterConfig.apiVersion) {
    errors.push(
      `apiVersion: Unsupported value: ${show(fields['apiVersion'])}: supported values: "${defaultClusterConfig.apiVersion}"`,
    );
  }
  const name = fields['name'] ?? defaultClusterConfig.name;
  if (typeof name !== 'string' || !/^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/.test(name)) {
    errors.push(
      `name: Invalid value: ${show(name)}: must be 1 to 32 lower case letters, digits or '-', beginning and ending with a letter or digit`,
    );
  }
  return {
    kind: 'Cluster',
    apiVersion: defaultClusterConfig.apiVersion,
    name: String(name),
    nodes: readNodes(fields['nodes'], errors),
    controlPlane: readControlPlane(fields['controlPlane'], errors),
    networking: readNetworking(fields['networking'], errors),
  };
}

function readNodes(value: unknown, errors: string[]): NodeConfig[] {
  if (value === undefined) return defaultClusterConfig.nodes;
  if (!Array.isArray(value)) {
    errors.push(`nodes: Invalid value: ${show(value)}: must be a list`);
    return [];
  }
  const nodes = value.map((item, i) => readNode(item, `nodes[${i}]`, errors));
  if (!nodes.some((node) => node.role === 'control-plane'))
    errors.push('nodes: Required value: at least one node with role "control-plane"');
  const workers = nodes.filter((node) => node.role === 'worker');
  if (workers.length > limits.nodes)
    errors.push(`nodes: Too many: ${workers.length}: must have at most ${limits.nodes} workers`);
  const linux = workers.filter((node) => node.runtime !== 'hollow').length;
  if (linux > limits.linuxNodes) {
    errors.push(
      `nodes: Too many: ${linux}: must have at most ${limits.linuxNodes} workers with a machine; give the others runtime: hollow`,
    );
  }
  return nodes;
}

function readNode(value: unknown, path: string, errors: string[]): NodeConfig {
  const fields = object(value, path, ['role', 'runtime', 'memory', 'labels'], errors);
  const node: NodeConfig = { role: oneOf(fields['role'], `${path}.role`, ['control-plane', 'worker'], errors) };
  if (fields['runtime'] !== undefined)
    node.runtime = oneOf<'linux' | 'hollow'>(fields['runtime'], `${path}.runtime`, ['linux', 'hollow'], errors);
  if (fields['memory'] !== undefined) node.memory = whole(fields['memory'], `${path}.memory`, 72, 1024, errors);
  if (fields['labels'] !== undefined)
    node.labels = object(fields['labels'], `${path}.labels`, undefined, errors) as Record<string, string>;
  for (const [key, label] of Object.entries(node.labels ?? {})) {
    if (typeof label !== 'string')
      errors.push(`${path}.labels.${key}: Invalid value: ${show(label)}: must be a string`);
  }
  return node;
}

function readControlPlane(value: unknown, errors: string[]): ClusterConfig['controlPlane'] {
  const defaults = defaultClusterConfig.controlPlane;
  const fields = object(value ?? {}, 'controlPlane', Object.keys(defaults), errors);
  const count = (key: keyof typeof defaults, most: number) =>
    whole(fields[key] ?? defaults[key], `controlPlane.${key}`, 1, most, errors);
  return {
    etcd: count('etcd', limits.etcd),
    apiServers: count('apiServers', limits.replicas),
    controllerManagers: count('controllerManagers', limits.replicas),
    schedulers: count('schedulers', limits.replicas),
  };
}

function readNetworking(value: unknown, errors: string[]): ClusterConfig['networking'] {
  const defaults = defaultClusterConfig.networking;
  const fields = object(value ?? {}, 'networking', Object.keys(defaults), errors);
  const subnet = (key: keyof typeof defaults) => {
    const given = fields[key] ?? defaults[key];
    if (typeof given === 'string' && /^(\d{1,3}\.){3}\d{1,3}\/(1[2-9]|2[0-4])$/.test(given)) return given;
    errors.push(
      `networking.${key}: Invalid value: ${show(given)}: must be an IPv4 network with a prefix of 12 to 24, such as ${defaults[key]}`,
    );
    return defaults[key];
  };
  return { podSubnet: subnet('podSubnet'), serviceSubnet: subnet('serviceSubnet') };
}

function object(value: unknown, path: string, known: readonly string[] | undefined, errors: string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    errors.push(`${path || 'configuration'}: Invalid value: ${show(value)}: must be an object`);
    return {};
  }
  for (const key of Object.keys(value)) {
    if (known && !known.includes(key)) errors.push(`unknown field "${path ? `${path}.` : ''}${key}"`);
  }
  return value as Fields;
}

function oneOf<T extends string>(value: unknown, path: string, allowed: readonly [T, ...T[]], errors: string[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  const supported = allowed.map((candidate) => `"${candidate}"`).join(', ');
  errors.push(
    value === undefined
      ? `${path}: Required value`
      : `${path}: Unsupported value: ${show(value)}: supported values: ${supported}`,
  );
  return allowed[0];
}

function whole(value: unknown, path: string, least: number, most: number, errors: string[]): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  errors.push(`${path}: Invalid value: ${show(value)}: must be a whole number between ${least} and ${most}`);
  return least;
}

function show(value: unknown): string {
  return value === undefined ? '""' : JSON.stringify(value);
}
