// The revisions of a workload: a deployment's replica sets, the ControllerRevisions of the others.

import type { Deployment, PodTemplateSpec } from '../../api/generated/types.ts';
import { formatLabelSelector } from '../../api/labels.ts';
import type { Json } from '../../env/env.ts';
import { CliError } from '../cli/errors.ts';
import { writePodTemplate } from '../describe/pod.ts';
import { replicaSetsOf } from '../describe/workloads.ts';
import { DescribeWriter } from '../describe/writer.ts';
import type { Kube } from '../kube.ts';
import { at, clone, type KubeObject, type ListObject } from '../object.ts';
import { alignTabs, tableTabs } from '../print/tabwriter.ts';
import type { Info } from './builder.ts';

export interface Revision {
  number: number;
  object: KubeObject;
}

const changeCause = 'kubernetes.io/change-cause';
const revisionKey = 'deployment.kubernetes.io/revision';

/** All revisions, oldest first. */
export async function revisionsOf(kube: Kube, info: Info): Promise<Revision[]> {
  if (info.object.kind === 'Deployment') {
    const { all } = await replicaSetsOf({ kube }, info.object as unknown as Deployment);
    return all
      .map((set) => ({
        number: Number(set.metadata.annotations?.[revisionKey] ?? 0),
        object: set as unknown as KubeObject,
      }))
      .filter((each) => each.number > 0)
      .sort((a, b) => a.number - b.number);
  }
  if (info.object.kind === 'DaemonSet' || info.object.kind === 'StatefulSet') {
    const selector = formatLabelSelector(at(info.object, 'spec', 'selector') as never);
    const list = await kube.client.json<ListObject>(`/apis/apps/v1/namespaces/${info.namespace}/controllerrevisions`, {
      query: { labelSelector: selector },
    });
    return list.items
      .filter((each) => each.metadata.ownerReferences?.some((owner) => owner.uid === info.object.metadata.uid))
      .map((object) => ({ number: Number(object['revision'] ?? 0), object }))
      .sort((a, b) => a.number - b.number);
  }
  throw new CliError(
    `no history viewer has been implemented for ${JSON.stringify({ Group: info.resource.group, Kind: info.resource.kind })}`,
  );
}

/** The pod template of a revision (or of the workload), without what the controller put there. */
export function templateOf(object: KubeObject): Json {
  const template = clone(
    (at(object, 'data', 'spec', 'template') ?? at(object, 'spec', 'template') ?? {}) as { [key: string]: Json },
  );
  delete template['$patch'];
  const labels = at(template, 'metadata', 'labels') as { [key: string]: string } | undefined;
  if (labels) delete labels['pod-template-hash'];
  return template;
}

/** What `rollout history` prints: the table of revisions, or one revision's template. */
export function historyText(revisions: Revision[], wanted: number): string {
  if (wanted > 0) {
    const found = revisions.find((each) => each.number === wanted);
    if (!found) throw new CliError('unable to find the specified revision');
    const w = new DescribeWriter();
    const template = clone(
      (at(found.object, 'data', 'spec', 'template') ??
        at(found.object, 'spec', 'template')) as unknown as PodTemplateSpec & {
        metadata: { annotations?: { [key: string]: string } };
      },
    );
    const cause = found.object.metadata.annotations?.[changeCause];
    if (cause)
      template.metadata = {
        ...template.metadata,
        annotations: { ...template.metadata?.annotations, [changeCause]: cause },
      };
    writePodTemplate(w, template);
    return w.raw();
  }
  if (revisions.length === 0) return 'No rollout history found.';
  const causes = revisions.map((each) => each.object.metadata.annotations?.[changeCause] || '<none>');
  const lines = ['REVISION\tCHANGE-CAUSE', ...revisions.map((each, i) => `${each.number}\t${causes[i]}`)];
  return alignTabs(`${lines.join('\n')}\n`, { ...tableTabs, minWidth: 0, padding: 2 });
}
