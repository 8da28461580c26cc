// kubectl, in the page: `runKubectl` runs one command line against an API server reached by fetch and prints what the real kubectl prints.
//
//   runKubectl   one command           complete     what Tab offers
//   runShell     a line with pipes     shellSplit   the words of a line
//
// Facts and wording follow kubectl v1.36.

export { type Completion, complete } from './cli/complete.ts';
export { runShell } from './cli/shell.ts';
export { shellSplit } from './cli/shell-words.ts';
export type { KubectlFiles, KubectlIo, KubectlTty } from './io.ts';
export { createKubeconfig, type Kubeconfig, type KubeconfigStore } from './kubeconfig.ts';
export { runKubectl } from './run.ts';
