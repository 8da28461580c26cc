// kubectl cluster-info: where the control plane answers.

import type { Command } from '../cli/command.ts';
import { CliError } from '../cli/errors.ts';
import { contextOf } from '../kubeconfig.ts';
import type { ListObject } from '../object.ts';
import { at } from '../object.ts';

export const command: Command = {
  use: 'cluster-info',
  short: 'Display cluster information',
  arguments: 'none',
  commands: [
    {
      use: 'dump',
      short: 'Dump relevant information for debugging and diagnosis',
      async run({ kube }) {
        for (const path of [
          '/api/v1/nodes',
          '/api/v1/namespaces/kube-system/events',
          '/api/v1/namespaces/kube-system/pods',
          '/apis/apps/v1/namespaces/kube-system/deployments',
        ]) {
          kube.out(`${JSON.stringify(await kube.client.json(path), null, 4)}\n`);
        }
        return 0;
      },
    },
  ],
  async run({ kube, args, usage }) {
    if (args.length > 0) throw usage(`unknown command ${JSON.stringify(args[0])}`);
    const context = contextOf(kube.io.config);
    const server = kube.io.config.value.clusters.find((each) => each.name === context?.cluster)?.server;
    if (!server) throw new CliError('no cluster is configured');
    const services = await kube.client.json<ListObject>('/api/v1/namespaces/kube-system/services', {
      query: { labelSelector: 'kubernetes.io/cluster-service=true' },
    });
    const green = '\u001b[0;32m';
    const yellow = '\u001b[0;33m';
    const plain = '\u001b[0m';
    const color = kube.io.tty !== undefined;
    const line = (name: string, url: string) =>
      kube.out(
        color ? `${green}${name}${plain} is running at ${yellow}${url}${plain}\n` : `${name} is running at ${url}\n`,
      );
    line('Kubernetes control plane', server);
    for (const service of services.items) {
      const name = service.metadata.labels?.['kubernetes.io/name'] || service.metadata.name || '';
      const ports = (at(service, 'spec', 'ports') ?? []) as { name?: string }[];
      const port = ports[0]?.name ? `:${ports[0].name}` : '';
      line(name, `${server}/api/v1/namespaces/kube-system/services/${service.metadata.name}${port}/proxy`);
    }
    kube.out("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n");
    return 0;
  },
};
