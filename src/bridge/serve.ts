// `npm run serve`: the control plane without a browser, for kubectl and other clients.

import { messageOf } from '../env/errors.ts';
import { parseServeOptions, usage } from './cluster-options.ts';
import { startHeadless } from './headless.ts';

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(usage);
    return;
  }
  const options = parseServeOptions(args);
  const cluster = await startHeadless(options);
  process.stdout.write(`Kubernetes API at ${cluster.url}\n`);
  if (options.kubeconfigOut) process.stdout.write(`kubectl --kubeconfig=${options.kubeconfigOut} get nodes\n`);
  else process.stdout.write(`token of kubernetes-admin: ${cluster.adminToken}\n`);
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    cluster.stop().then(
      () => process.exit(0),
      (error) => {
        process.stderr.write(`${error}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
});
