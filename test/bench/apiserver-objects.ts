// What the API server's benchmarks write, the same over HTTPS and over ports.

export const configMaps = '/api/v1/namespaces/default/configmaps';
export const pods = '/api/v1/namespaces/default/pods';
export const serviceAccounts = '/api/v1/namespaces/default/serviceaccounts';

const data = 'x'.repeat(800);

export const configMap = (name: string): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { data } });

export const pod = (name: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'bench' } },
    spec: {
      serviceAccountName: 'default',
      automountServiceAccountToken: false,
      containers: [{ name: 'web', image: 'nginx', resources: { requests: { cpu: '100m', memory: '64Mi' } } }],
    },
  });

/** Pods name it, and without controllers nobody makes it. */
export const serviceAccount = JSON.stringify({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'default' },
});
