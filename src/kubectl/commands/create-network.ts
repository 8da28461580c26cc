// Generators of `kubectl create` for services and ingresses.

import type { Json } from '../../env/env.ts';
import type { CommandContext } from '../cli/command.ts';
import { CliError } from '../cli/errors.ts';
import { array, type FlagSpec, strings, text } from '../cli/flags.ts';
import type { KubeObject } from '../object.ts';
import type { Generator } from './create.ts';

const tcp: FlagSpec = strings('tcp', "Port pairs can be specified as '<port>:<targetPort>'.");

/** "5678:8080" as a port of a service. */
function parsePort(text: string) {
  const [port, target] = text.split(':') as [string, string | undefined];
  const number = Number(port);
  if (!Number.isInteger(number) || number < 1 || number > 65535)
    throw new CliError(`strconv.Atoi: parsing ${JSON.stringify(port)}: invalid syntax`);
  const targetPort = target === undefined ? number : /^\d+$/.test(target) ? Number(target) : target;
  return { name: text.replace(':', '-'), port: number, protocol: 'TCP', targetPort };
}

function service({ flags }: CommandContext, name: string, type: string, extra: KubeObject['spec'] = {}): KubeObject {
  const ports = flags.list('tcp').map(parsePort);
  const nodePort = flags.has('node-port') ? flags.int('node-port') : 0;
  const shown = nodePort > 0 ? ports.map((port) => ({ ...port, nodePort })) : ports;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, labels: { app: name } },
    spec: { ...(shown.length > 0 ? { ports: shown } : {}), selector: { app: name }, type, ...extra },
    status: { loadBalancer: {} },
  };
}

const needPorts = (context: CommandContext) => {
  if (context.flags.list('tcp').length === 0 && context.flags.string('clusterip') !== 'None')
    throw new CliError('at least one tcp port specifier must be provided');
};

const serviceGenerator: Generator = {
  use: 'service',
  aliases: ['svc'],
  short: 'Create a service using a specified subcommand',
  examples: [],
  namespaced: true,
  flags: [],
  generators: [
    {
      use: 'clusterip NAME [--tcp=<port>:<targetPort>]',
      short: 'Create a ClusterIP service',
      examples: ['kubectl create service clusterip web --tcp=5678:8080'],
      namespaced: true,
      flags: [
        tcp,
        text('clusterip', "Assign your own ClusterIP or set to 'None' for a 'headless' service (no loadbalancing)."),
      ],
      make(context, name) {
        needPorts(context);
        const ip = context.flags.string('clusterip');
        return service(context, name, 'ClusterIP', ip ? { clusterIP: ip } : {});
      },
    },
    {
      use: 'externalname NAME --external-name external.name',
      short: 'Create an ExternalName service',
      examples: ['kubectl create service externalname my-ns --external-name bar.com'],
      namespaced: true,
      flags: [tcp, text('external-name', 'External name of service', { required: true })],
      make: (context, name) =>
        service(context, name, 'ExternalName', { externalName: context.flags.string('external-name') }),
    },
    {
      use: 'loadbalancer NAME [--tcp=port:targetPort]',
      short: 'Create a LoadBalancer service',
      examples: ['kubectl create service loadbalancer web --tcp=5678:8080'],
      namespaced: true,
      flags: [tcp],
      make(context, name) {
        if (context.flags.list('tcp').length === 0)
          throw new CliError('at least one tcp port specifier must be provided');
        return service(context, name, 'LoadBalancer');
      },
    },
    {
      use: 'nodeport NAME [--tcp=port:targetPort]',
      short: 'Create a NodePort service',
      examples: ['kubectl create service nodeport web --tcp=5678:8080'],
      namespaced: true,
      flags: [
        tcp,
        {
          name: 'node-port',
          kind: 'int',
          default: '0',
          usage: 'Port used to expose the service on each node in a cluster.',
        },
      ],
      make(context, name) {
        if (context.flags.list('tcp').length === 0)
          throw new CliError('at least one tcp port specifier must be provided');
        return service(context, name, 'NodePort');
      },
    },
  ],
};

function backend(text: string): { [key: string]: Json } {
  const [name, port] = text.split(':') as [string, string | undefined];
  if (!name || !port) throw new CliError(`default backend is not in format servicename:serviceport`);
  return { service: { name, port: /^\d+$/.test(port) ? { number: Number(port) } : { name: port } } };
}

const ingress: Generator = {
  use: 'ingress NAME --rule=host/path=service:port[,tls[=secret]]',
  aliases: ['ing'],
  short: 'Create an ingress with the specified name',
  examples: [
    'kubectl create ingress simple --rule="foo.com/bar=svc1:8080,tls=my-cert"',
    'kubectl create ingress any --rule="/*=web:80"',
  ],
  namespaced: true,
  flags: [
    array('rule', 'Rule in format host/path=service:port[,tls=secretname]. Paths that end in * are prefixes.'),
    text('class', 'Ingress Class to be used'),
    text('default-backend', 'Default service for backend, in format of svcname:port'),
    array('annotation', 'Annotation to insert in the ingress object, in the format annotation=value'),
  ],
  make({ flags }, name) {
    const rules = flags.list('rule');
    if (rules.length === 0 && !flags.string('default-backend')) {
      throw new CliError(
        'not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)',
      );
    }
    const hosts = new Map<string, Json[]>();
    const tls = new Map<string, string[]>();
    for (const rule of rules) {
      const match = /^([^/=]*)(\/[^=]*)?=([^:,=]+:[^,=]+)(?:,tls(?:=([^,]+))?)?$/.exec(rule);
      if (!match)
        throw new CliError(`rule ${rule} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]`);
      const [, host = '', path = '/', target, secret] = match;
      const isPrefix = path.endsWith('*');
      const list = hosts.get(host) ?? [];
      list.push({
        path: isPrefix ? path.slice(0, -1) || '/' : path,
        pathType: isPrefix ? 'Prefix' : 'Exact',
        backend: backend(target!),
      });
      hosts.set(host, list);
      if (rule.includes(',tls'))
        tls.set(secret ?? '', [
          ...(tls.get(secret ?? '') ?? []),
          ...(host && !tls.get(secret ?? '')?.includes(host) ? [host] : []),
        ]);
    }
    const annotations = Object.fromEntries(
      flags.list('annotation').map((each) => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)]),
    );
    const fallback = flags.string('default-backend');
    return {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
      spec: {
        ...(flags.string('class') ? { ingressClassName: flags.string('class') } : {}),
        ...(fallback ? { defaultBackend: backend(fallback) } : {}),
        ...(tls.size > 0
          ? {
              tls: [...tls].map(([secretName, each]) => ({
                ...(each.length > 0 ? { hosts: each } : {}),
                ...(secretName ? { secretName } : {}),
              })),
            }
          : {}),
        ...(hosts.size > 0
          ? {
              rules: [...hosts].map(([host, paths]) => ({
                ...(host ? { host } : {}),
                http: { paths },
              })),
            }
          : {}),
      },
      status: { loadBalancer: {} },
    };
  },
};

export const networkGenerators: Generator[] = [ingress, serviceGenerator];
