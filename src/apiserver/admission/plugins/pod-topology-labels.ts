// PodTopologyLabels: a pod that is bound to a node has the node's zone and region as labels (plugin/pkg/admission/podtopologylabels).

import type { Pod } from '../../../api/generated/types.ts';
import type { KubeObject } from '../../object.ts';
import type { Catalog } from '../../registry/catalog.ts';
import type { AdmissionPlugin } from '../admission.ts';

const copied = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

export function podTopologyLabels(catalog: Catalog): AdmissionPlugin {
  /** A node that is not there has nothing to give, and is others' worry. */
  const labelsOf = async (node: string): Promise<Record<string, string>> => {
    const labels = (await catalog.registry('', 'nodes').lookUp('', node))?.object.metadata.labels ?? {};
    return Object.fromEntries(Object.entries(labels).filter(([key]) => copied.includes(key)));
  };
  return {
    name: 'PodTopologyLabels',
    resources: ['pods', 'bindings'],
    async mutate({ operation, subresource, object }) {
      if (operation !== 'CREATE' || !object) return undefined;
      const node = nodeOf(object, subresource);
      if (!node) return undefined;
      const labels = await labelsOf(node);
      if (Object.keys(labels).length > 0) object.metadata.labels = { ...object.metadata.labels, ...labels };
      return object;
    },
  };
}

/** The node that a new pod or a binding names. */
function nodeOf(object: KubeObject, subresource: string): string | undefined {
  if (object.kind === 'Binding') return (object['target'] as { name?: string } | undefined)?.name;
  return object.kind === 'Pod' && subresource === '' ? (object as unknown as Pod).spec?.nodeName : undefined;
}
