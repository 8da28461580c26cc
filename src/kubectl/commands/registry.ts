// Every command of kubectl: its name, its line in the help, and where its code is. The code is loaded when the command is first used.

import type { CommandEntry } from '../cli/command.ts';

export const groups = [
  'Basic Commands (Beginner):',
  'Basic Commands (Intermediate):',
  'Deploy Commands:',
  'Cluster Management Commands:',
  'Troubleshooting and Debugging Commands:',
  'Advanced Commands:',
  'Settings Commands:',
  'Other Commands:',
];
const [beginner, intermediate, deploy, cluster, debugging, advanced, settings, other] = groups as [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
];

const entry = (
  group: string,
  name: string,
  short: string,
  load: CommandEntry['load'],
  aliases?: string[],
): CommandEntry => ({
  name,
  short,
  group,
  load,
  ...(aliases ? { aliases } : {}),
});

export const registry: CommandEntry[] = [
  entry(
    beginner,
    'create',
    'Create a resource from a file or from stdin',
    async () => (await import('./create.ts')).command,
  ),
  entry(
    beginner,
    'expose',
    'Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service',
    async () => (await import('./expose.ts')).command,
  ),
  entry(beginner, 'run', 'Run a particular image on the cluster', async () => (await import('./run.ts')).command),
  entry(beginner, 'set', 'Set specific features on objects', async () => (await import('./set.ts')).command),
  entry(
    intermediate,
    'explain',
    'Get documentation for a resource',
    async () => (await import('./explain.ts')).command,
  ),
  entry(intermediate, 'get', 'Display one or many resources', async () => (await import('./get.ts')).command),
  entry(intermediate, 'edit', 'Edit a resource on the server', async () => (await import('./edit.ts')).command),
  entry(
    intermediate,
    'delete',
    'Delete resources by file names, stdin, resources and names, or by resources and label selector',
    async () => (await import('./delete.ts')).command,
  ),
  entry(deploy, 'rollout', 'Manage the rollout of a resource', async () => (await import('./rollout.ts')).command),
  entry(
    deploy,
    'scale',
    'Set a new size for a deployment, replica set, or replication controller',
    async () => (await import('./scale.ts')).command,
  ),
  entry(
    deploy,
    'autoscale',
    'Auto-scale a deployment, replica set, stateful set, or replication controller',
    async () => (await import('./autoscale.ts')).command,
  ),
  entry(cluster, 'certificate', 'Modify certificate resources', async () => (await import('./certificate.ts')).command),
  entry(
    cluster,
    'cluster-info',
    'Display cluster information',
    async () => (await import('./cluster-info.ts')).command,
  ),
  entry(cluster, 'top', 'Display resource (CPU/memory) usage', async () => (await import('./top.ts')).command),
  entry(cluster, 'cordon', 'Mark node as unschedulable', async () => (await import('./drain.ts')).cordon),
  entry(cluster, 'uncordon', 'Mark node as schedulable', async () => (await import('./drain.ts')).uncordon),
  entry(cluster, 'drain', 'Drain node in preparation for maintenance', async () => (await import('./drain.ts')).drain),
  entry(cluster, 'taint', 'Update the taints on one or more nodes', async () => (await import('./taint.ts')).command),
  entry(
    debugging,
    'describe',
    'Show details of a specific resource or group of resources',
    async () => (await import('./describe.ts')).command,
  ),
  entry(debugging, 'logs', 'Print the logs for a container in a pod', async () => (await import('./logs.ts')).command),
  entry(debugging, 'attach', 'Attach to a running container', async () => (await import('./exec.ts')).attach),
  entry(debugging, 'exec', 'Execute a command in a container', async () => (await import('./exec.ts')).exec),
  entry(
    debugging,
    'port-forward',
    'Forward one or more local ports to a pod',
    async () => (await import('./port-forward.ts')).command,
  ),
  entry(
    debugging,
    'proxy',
    'Run a proxy to the Kubernetes API server',
    async () => (await import('./elsewhere.ts')).proxy,
  ),
  entry(
    debugging,
    'cp',
    'Copy files and directories to and from containers',
    async () => (await import('./cp.ts')).command,
  ),
  entry(debugging, 'auth', 'Inspect authorization', async () => (await import('./auth.ts')).command),
  entry(debugging, 'events', 'List events', async () => (await import('./events.ts')).command),
  entry(
    advanced,
    'diff',
    'Diff the live version against a would-be applied version',
    async () => (await import('./diff.ts')).command,
  ),
  entry(
    advanced,
    'apply',
    'Apply a configuration to a resource by file name or stdin',
    async () => (await import('./apply.ts')).command,
  ),
  entry(advanced, 'patch', 'Update fields of a resource', async () => (await import('./patch.ts')).command),
  entry(
    advanced,
    'replace',
    'Replace a resource by file name or stdin',
    async () => (await import('./replace.ts')).command,
  ),
  entry(
    advanced,
    'wait',
    'Experimental: Wait for a specific condition on one or many resources',
    async () => (await import('./wait.ts')).command,
  ),
  entry(settings, 'label', 'Update the labels on a resource', async () => (await import('./label.ts')).label),
  entry(
    settings,
    'annotate',
    'Update the annotations on a resource',
    async () => (await import('./label.ts')).annotate,
  ),
  entry(
    other,
    'api-resources',
    'Print the supported API resources on the server',
    async () => (await import('./api-resources.ts')).command,
  ),
  entry(
    other,
    'api-versions',
    'Print the supported API versions on the server, in the form of "group/version"',
    async () => (await import('./api-resources.ts')).versions,
  ),
  entry(other, 'config', 'Modify kubeconfig files', async () => (await import('./config.ts')).command),
  entry(
    other,
    'version',
    'Print the client and server version information',
    async () => (await import('./version.ts')).command,
  ),
];
