// What every command gets: the client, discovery, the namespace in force, and the two output streams.

import { CliError } from './cli/errors.ts';
import { bool, type FlagSpec, type Flags, int, strings, text } from './cli/flags.ts';
import type { KubectlIo } from './io.ts';
import { contextOf } from './kubeconfig.ts';
import { ApiClient } from './rest/client.ts';
import { Discovery } from './rest/discovery.ts';

export const globalFlags: FlagSpec[] = [
  text('as', 'User to impersonate for the operation.'),
  strings('as-group', 'Group to impersonate for the operation; may be repeated.'),
  text('as-uid', 'UID to impersonate for the operation.'),
  text('cluster', 'The name of the kubeconfig cluster to use'),
  text('context', 'The name of the kubeconfig context to use'),
  text('kubeconfig', 'Path to the kubeconfig file; here there is one, kept by the page.'),
  text('namespace', 'If present, the namespace scope for this request', { short: 'n' }),
  text('request-timeout', 'How long to wait for one answer of the server; zero is for ever.', { default: '0' }),
  text('server', 'The address of the API server; here it is always the cluster in this page.', { short: 's' }),
  text('user', 'The name of the kubeconfig user to use'),
  int('v', 'Verbosity of the log', { short: 'v' }),
  bool('warnings-as-errors', 'Treat warnings of the server as errors and exit with a non-zero code'),
];

export class Kube {
  readonly io: KubectlIo;
  readonly client: ApiClient;
  readonly discovery: Discovery;
  /** The namespace of the context or of --namespace. */
  readonly namespace: string;
  /** True when the namespace was given on the command line: files must agree with it. */
  readonly namespaceGiven: boolean;

  constructor(io: KubectlIo, flags: Flags) {
    this.io = io;
    const wanted = flags.string('context');
    const context = contextOf(io.config, wanted);
    if (!context && wanted) throw new CliError(`context ${JSON.stringify(wanted)} does not exist`);
    const timeout = flags.string('request-timeout');
    if (timeout && !/^\d+(\.\d+)?(ns|us|µs|ms|s|m|h)?$/.test(timeout)) {
      throw new CliError(
        'Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)',
      );
    }
    const headers: Record<string, string> = {};
    if (flags.string('as')) headers['Impersonate-User'] = flags.string('as');
    if (flags.string('as-uid')) headers['Impersonate-Uid'] = flags.string('as-uid');
    if (flags.list('as-group').length) headers['Impersonate-Group'] = flags.list('as-group').join(', ');
    const server = io.config.value.clusters.find((each) => each.name === context?.cluster)?.server ?? '';
    this.client = new ApiClient(io, headers, server);
    this.discovery = new Discovery(this.client, io);
    const given = flags.has('namespace') ? flags.string('namespace') : '';
    this.namespaceGiven = given !== '';
    this.namespace = given || context?.namespace || 'default';
  }

  out(data: string | Uint8Array): void {
    this.io.stdout(data);
  }
  err(data: string): void {
    this.io.stderr(data);
  }
  get signal(): AbortSignal | undefined {
    return this.io.signal;
  }
}
