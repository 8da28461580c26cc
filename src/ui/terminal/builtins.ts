// Words the prompt knows besides kubectl.

import type { Workspace } from '../state/workspace.svelte.ts';

export const builtins: Record<string, (page: Workspace, words: readonly string[]) => string> = {
  help: () =>
    `kubectl …          the Kubernetes command line (k for short); kubectl help lists its commands
ls, cat FILE       the editor's files, which kubectl apply -f FILE reads
history, clear     what was typed; an empty screen (Ctrl-L)
… | grep WORD      also head, tail, sort, wc

Good beginnings:
  kubectl get pods -o wide
  kubectl get events --watch
  kubectl describe deployment web
  kubectl exec -it POD -- sh
`,
  ls: (page) => page.files.list.map((file) => `${file.name}\n`).join(''),
};
