// kubectl config: the contexts of this terminal, kept in memory by the page.

import type { Json } from '../../env/env.ts';
import type { Command } from '../cli/command.ts';
import { CliError } from '../cli/errors.ts';
import { bool, text } from '../cli/flags.ts';
import type { KubeconfigStore } from '../kubeconfig.ts';
import { toJson } from '../print/json.ts';
import { alignTabs, tableTabs } from '../print/tabwriter.ts';
import { toYaml } from '../print/yaml.ts';

function asFile(store: KubeconfigStore, minify: boolean): Json {
  const { clusters, users, contexts, currentContext } = store.value;
  const kept = minify ? contexts.filter((each) => each.name === currentContext) : contexts;
  return {
    apiVersion: 'v1',
    clusters: clusters
      .filter((each) => !minify || kept.some((context) => context.cluster === each.name))
      .map(({ name, server }) => ({ cluster: { server }, name })),
    contexts: kept.map(({ name, cluster, user, namespace }) => ({
      context: { cluster, ...(namespace ? { namespace } : {}), user },
      name,
    })),
    'current-context': currentContext,
    kind: 'Config',
    users: users
      .filter((each) => !minify || kept.some((context) => context.user === each.name))
      .map(({ name }) => ({ name, user: { token: 'REDACTED' } })),
  };
}

const changed = (store: KubeconfigStore) => store.changed?.(store.value);

const view: Command = {
  use: 'view [flags]',
  short: 'Display merged kubeconfig settings or a specified kubeconfig file',
  flags: [
    text('output', 'json or yaml', { short: 'o', default: 'yaml' }),
    bool('minify', 'Only what the current context uses.'),
    bool('raw', 'Show secrets; this kubeconfig has none to show.'),
    bool('flatten', 'Kept for scripts; there are no files to read in.'),
  ],
  async run({ kube, flags }) {
    const value = asFile(kube.io.config, flags.bool('minify'));
    kube.out(flags.string('output') === 'json' ? toJson(value) : toYaml(value));
    return 0;
  },
};

const currentContext: Command = {
  use: 'current-context',
  short: 'Display the current-context',
  async run({ kube }) {
    const name = kube.io.config.value.currentContext;
    if (!name) throw new CliError('current-context is not set');
    kube.out(`${name}\n`);
    return 0;
  },
};

const getContexts: Command = {
  use: 'get-contexts [(-o|--output=)name)]',
  short: 'Describe one or many contexts',
  arguments: 'context',
  flags: [text('output', 'name', { short: 'o' }), bool('no-headers', "Don't print headers.")],
  async run({ kube, flags, args }) {
    const { contexts, currentContext: current } = kube.io.config.value;
    const missing = args.find((name) => !contexts.some((each) => each.name === name));
    if (missing) throw new CliError(`context ${missing} not found`);
    const shown = contexts
      .filter((each) => args.length === 0 || args.includes(each.name))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    if (flags.string('output') === 'name') {
      for (const each of shown) kube.out(`${each.name}\n`);
      return 0;
    }
    const lines = flags.bool('no-headers') ? [] : ['CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE'];
    for (const each of shown)
      lines.push(
        [each.name === current ? '*' : '', each.name, each.cluster, each.user, each.namespace ?? ''].join('\t'),
      );
    kube.out(alignTabs(`${lines.join('\n')}\n`, tableTabs));
    return 0;
  },
};

const useContext: Command = {
  use: 'use-context CONTEXT_NAME',
  aliases: ['use'],
  short: 'Set the current-context in a kubeconfig file',
  arguments: 'context',
  async run({ kube, args, usage }) {
    if (args.length !== 1) throw usage(`Unexpected args: [${args.join(' ')}]`);
    const { value } = kube.io.config;
    if (!value.contexts.some((each) => each.name === args[0]))
      throw new CliError(`no context exists with the name: ${JSON.stringify(args[0])}`);
    value.currentContext = args[0]!;
    changed(kube.io.config);
    kube.out(`Switched to context ${JSON.stringify(args[0])}.\n`);
    return 0;
  },
};

const setContext: Command = {
  use: 'set-context [NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace]',
  short: 'Set a context entry in kubeconfig',
  examples: ['kubectl config set-context --current --namespace=kube-system'],
  arguments: 'context',
  flags: [
    bool('current', 'Modify the current context'),
    text('cluster', 'cluster for the context entry in kubeconfig'),
    text('user', 'user for the context entry in kubeconfig'),
    text('namespace', 'namespace for the context entry in kubeconfig', { short: 'n' }),
  ],
  async run({ kube, flags, args, usage }) {
    const { value } = kube.io.config;
    if (args.length > 0 && flags.bool('current'))
      throw new CliError('you cannot specify both a context name and --current');
    if (args.length !== 1 && !flags.bool('current'))
      throw usage('you must specify a non-empty context name or --current');
    const name = flags.bool('current') ? value.currentContext : args[0]!;
    if (!name) throw new CliError('no current context is set');
    let context = value.contexts.find((each) => each.name === name);
    const existed = context !== undefined;
    if (!context) {
      context = { name, cluster: '', user: '' };
      value.contexts.push(context);
    }
    if (flags.changed('cluster')) context.cluster = flags.string('cluster');
    if (flags.changed('user')) context.user = flags.string('user');
    if (flags.changed('namespace')) context.namespace = flags.string('namespace') || undefined;
    changed(kube.io.config);
    kube.out(`Context ${JSON.stringify(name)} ${existed ? 'modified' : 'created'}.\n`);
    return 0;
  },
};

const deleteContext: Command = {
  use: 'delete-context NAME',
  short: 'Delete the specified context from the kubeconfig',
  arguments: 'context',
  async run({ kube, args, usage }) {
    const { value } = kube.io.config;
    if (args.length !== 1) throw usage('you must specify a context name');
    const at = value.contexts.findIndex((each) => each.name === args[0]);
    if (at < 0) throw new CliError(`cannot delete context ${args[0]}, not in memory`);
    if (value.currentContext === args[0])
      kube.err(
        'warning: this removed your active context, use "kubectl config use-context" to select a different one\n',
      );
    value.contexts.splice(at, 1);
    changed(kube.io.config);
    kube.out(`deleted context ${args[0]} from memory\n`);
    return 0;
  },
};

const renameContext: Command = {
  use: 'rename-context CONTEXT_NAME NEW_NAME',
  short: 'Rename a context from the kubeconfig file',
  arguments: 'context',
  async run({ kube, args, usage }) {
    if (args.length !== 2) throw usage('both the old and the new name are needed');
    const { value } = kube.io.config;
    const context = value.contexts.find((each) => each.name === args[0]);
    if (!context) throw new CliError(`cannot rename the context ${JSON.stringify(args[0])}, it's not in memory`);
    if (value.contexts.some((each) => each.name === args[1]))
      throw new CliError(
        `cannot rename the context ${JSON.stringify(args[0])}, the context ${JSON.stringify(args[1])} already exists in memory`,
      );
    context.name = args[1]!;
    if (value.currentContext === args[0]) value.currentContext = args[1]!;
    changed(kube.io.config);
    kube.out(`Context ${JSON.stringify(args[0])} renamed to ${JSON.stringify(args[1])}.\n`);
    return 0;
  },
};

const listing = (use: string, short: string, names: (store: KubeconfigStore) => string[]): Command => ({
  use,
  short,
  async run({ kube }) {
    kube.out(
      `NAME\n${names(kube.io.config)
        .sort()
        .map((name) => `${name}\n`)
        .join('')}`,
    );
    return 0;
  },
});

export const command: Command = {
  use: 'config SUBCOMMAND',
  short: 'Modify kubeconfig files',
  long: 'Modify the contexts of this terminal, with subcommands like "kubectl config use-context my-context".',
  commands: [
    currentContext,
    deleteContext,
    listing('get-clusters', 'Display clusters defined in the kubeconfig', (store) =>
      store.value.clusters.map((each) => each.name),
    ),
    getContexts,
    listing('get-users', 'Display users defined in the kubeconfig', (store) =>
      store.value.users.map((each) => each.name),
    ),
    renameContext,
    setContext,
    useContext,
    view,
  ],
};
