// A kubeconfig held in memory: clusters, users, contexts and the current one. kubectl's `config` command edits it; every other command
// takes its default namespace from it.

export interface KubeconfigContext {
  name: string;
  cluster: string;
  user: string;
  namespace?: string | undefined;
}

export interface Kubeconfig {
  clusters: { name: string; server: string }[];
  users: { name: string }[];
  contexts: KubeconfigContext[];
  currentContext: string;
}

export interface KubeconfigStore {
  value: Kubeconfig;
  /** Called after each change, for those who keep it (the page stores it). */
  changed?(value: Kubeconfig): void;
}

/** The kubeconfig a new terminal starts with: one cluster, the learner as administrator. */
export function createKubeconfig(
  options: { cluster?: string; user?: string; server?: string; namespace?: string } = {},
): KubeconfigStore {
  const cluster = options.cluster ?? 'drydock';
  const user = options.user ?? 'kubernetes-admin';
  const name = `${user}@${cluster}`;
  return {
    value: {
      clusters: [{ name: cluster, server: options.server ?? 'https://kube-apiserver:6443' }],
      users: [{ name: user }],
      contexts: [{ name, cluster, user, ...(options.namespace ? { namespace: options.namespace } : {}) }],
      currentContext: name,
    },
  };
}

/** The context a run uses: `--context` or the current one. */
export function contextOf(store: KubeconfigStore, name?: string): KubeconfigContext | undefined {
  const wanted = name || store.value.currentContext;
  return store.value.contexts.find((context) => context.name === wanted);
}
