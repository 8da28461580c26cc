// A kubeconfig, as `kubectl config view --raw` would show it.

import { stringify } from 'yaml';

export interface KubeconfigOptions {
  server: string;
  caBundle: string;
  user: string;
  certificate?: string;
  key?: string;
  token?: string;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** YAML with one cluster, one user and one context, all named "drydock". */
export function kubeconfig({ server, caBundle, user, certificate, key, token }: KubeconfigOptions): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'drydock', cluster: { server, 'certificate-authority-data': base64(caBundle) } }],
    users: [
      {
        name: user,
        user: {
          ...(certificate && { 'client-certificate-data': base64(certificate) }),
          ...(key && { 'client-key-data': base64(key) }),
          ...(token && { token }),
        },
      },
    ],
    contexts: [{ name: 'drydock', context: { cluster: 'drydock', user } }],
    'current-context': 'drydock',
    preferences: {},
  });
}
