// Requests that write, for tests.

export const maps = '/api/v1/namespaces/default/configmaps';
export const deployments = '/apis/apps/v1/namespaces/default/deployments';
/** A ConfigMap. */
export const map = (name: string, more: object = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  ...more,
});
const type = (name: string) => ({ 'content-type': `application/${name}` });
export const merge = type('merge-patch+json');
export const strategic = type('strategic-merge-patch+json');
export const jsonPatch = type('json-patch+json');
export const apply = type('apply-patch+yaml');
