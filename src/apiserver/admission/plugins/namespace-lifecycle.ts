// NamespaceLifecycle: nothing is made in a namespace that is not there or is going away; the system's namespaces stay
// (apiserver/pkg/admission/plugin/namespace/lifecycle).

import type { Namespace } from '../../../api/generated/types.ts';
import { newForbidden, newNotFound } from '../../../api/status.ts';
import type { Catalog } from '../../registry/catalog.ts';
import type { AdmissionPlugin } from '../admission.ts';

const immortal = new Set(['default', 'kube-system', 'kube-public']);
// Questions, not objects: they may be asked about any namespace.
const reviews = new Set(['localsubjectaccessreviews']);

export function namespaceLifecycle(catalog: Catalog): AdmissionPlugin {
  return {
    name: 'NamespaceLifecycle',
    async mutate({ operation, resource, namespace, name }) {
      if (resource.group === '' && resource.resource === 'namespaces') {
        if (operation === 'DELETE' && immortal.has(name))
          throw newForbidden(resource.groupResource, name, 'this namespace may not be deleted');
        return undefined;
      }
      if (operation !== 'CREATE' || !resource.namespaced || namespace === '' || reviews.has(resource.resource))
        return undefined;
      const found = await catalog.registry('', 'namespaces').lookUp('', namespace);
      if (!found) throw newNotFound({ group: '', resource: 'namespaces' }, namespace);
      const { status } = found.object as unknown as Namespace;
      if (status?.phase !== 'Terminating') return undefined;
      const error = newForbidden(
        resource.groupResource,
        name,
        `unable to create new content in namespace ${namespace} because it is being terminated`,
      );
      error.status.details = {
        ...error.status.details,
        causes: [
          {
            reason: 'NamespaceTerminating',
            message: `namespace ${namespace} is being terminated`,
            field: 'metadata.namespace',
          },
        ],
      };
      throw error;
    },
  };
}
