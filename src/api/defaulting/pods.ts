// Defaults of pods, pod templates, containers, probes and volumes (pkg/apis/core/v1/defaults.go).
//
// Invariants: only fields that are absent are set; running it twice changes nothing. Objects are changed in place.

import type {
  Container,
  EphemeralContainer,
  HTTPGetAction,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Probe,
  Volume,
} from '../generated/types.ts';
import { formatQuantity } from '../quantity.ts';
import { podAmounts } from '../quota/pod-resources.ts';

/** A container of any of the three lists. */
type AnyContainer = Container | EphemeralContainer;

/** The tag of an image reference: "latest" when it names neither tag nor digest; undefined when it is pinned by digest only. */
export function imageTag(image: string): string | undefined {
  const [name = '', digest] = image.split('@');
  const last = name.slice(name.lastIndexOf('/') + 1);
  const colon = last.indexOf(':');
  if (colon >= 0) return last.slice(colon + 1);
  return digest === undefined ? 'latest' : undefined;
}

const pullPolicyOf = (image: string | undefined): string =>
  imageTag(image ?? '') === 'latest' ? 'Always' : 'IfNotPresent';

function defaultHttpGet(action: HTTPGetAction | undefined): void {
  if (!action) return;
  action.path ||= '/';
  action.scheme ||= 'HTTP';
}

function defaultProbe(probe: Probe | undefined): void {
  if (!probe) return;
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  defaultHttpGet(probe.httpGet);
  if (probe.grpc) probe.grpc.service ??= '';
}

export function defaultContainer(container: AnyContainer): void {
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  container.imagePullPolicy ||= pullPolicyOf(container.image);
  for (const port of container.ports ?? []) port.protocol ||= 'TCP';
  for (const variable of container.env ?? []) {
    if (variable.valueFrom?.fieldRef) variable.valueFrom.fieldRef.apiVersion ||= 'v1';
    if (variable.valueFrom?.fileKeyRef) variable.valueFrom.fileKeyRef.optional ??= false;
  }
  defaultProbe(container.livenessProbe);
  defaultProbe(container.readinessProbe);
  defaultProbe(container.startupProbe);
  defaultHttpGet(container.lifecycle?.postStart?.httpGet);
  defaultHttpGet(container.lifecycle?.preStop?.httpGet);
}

/** Defaults of a volume that names no source, and of the sources themselves. */
export function defaultVolume(volume: Volume): void {
  const sources = Object.keys(volume).filter((key) => key !== 'name' && volume[key as keyof Volume] !== undefined);
  if (sources.length === 0) volume.emptyDir = {};
  if (volume.secret) volume.secret.defaultMode ??= 0o644;
  if (volume.configMap) volume.configMap.defaultMode ??= 0o644;
  if (volume.hostPath) volume.hostPath.type ??= '';
  if (volume.iscsi) volume.iscsi.iscsiInterface ||= 'default';
  if (volume.image) volume.image.pullPolicy ||= pullPolicyOf(volume.image.reference);
  if (volume.ephemeral?.volumeClaimTemplate) volume.ephemeral.volumeClaimTemplate.spec.volumeMode ??= 'Filesystem';
  if (volume.downwardAPI) {
    volume.downwardAPI.defaultMode ??= 0o644;
    for (const item of volume.downwardAPI.items ?? []) if (item.fieldRef) item.fieldRef.apiVersion ||= 'v1';
  }
  if (volume.projected) {
    volume.projected.defaultMode ??= 0o644;
    for (const source of volume.projected.sources ?? []) {
      if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= 3600;
      for (const item of source.downwardAPI?.items ?? []) if (item.fieldRef) item.fieldRef.apiVersion ||= 'v1';
    }
  }
  if (volume.rbd) {
    volume.rbd.pool ||= 'rbd';
    volume.rbd.user ||= 'admin';
    volume.rbd.keyring ||= '/etc/ceph/keyring';
  }
  if (volume.azureDisk) {
    volume.azureDisk.cachingMode ??= 'ReadWrite';
    volume.azureDisk.kind ??= 'Shared';
    volume.azureDisk.fsType ??= 'ext4';
    volume.azureDisk.readOnly ??= false;
  }
}

export function defaultPodSpec(spec: PodSpec): void {
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.restartPolicy ||= 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= 'default-scheduler';
  // The deprecated name mirrors the other.
  spec.serviceAccountName ||= spec.serviceAccount;
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName;
  else {
    delete spec.serviceAccountName;
    delete spec.serviceAccount;
  }
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) defaultContainer(container);
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container);
}

export function defaultPodTemplate(template: PodTemplateSpec | undefined): void {
  if (template?.spec) defaultPodSpec(template.spec);
}

const isHugePages = (name: string): boolean => name.startsWith('hugepages-');
const isPodLevel = (name: string): boolean => name === 'cpu' || name === 'memory' || isHugePages(name);

/** What a pod leaves out of its own resources is what its containers say together, or the limit. */
function defaultPodLevelResources({ metadata, spec }: Pod): void {
  const own = spec.resources ?? {};
  const limits = { ...own.limits };
  const requests = { ...own.requests };
  if (Object.keys(limits).length + Object.keys(requests).length === 0) return;
  const { resources: _, overhead: __, ...rest } = spec;
  const add = (to: Record<string, string>, field: 'limits' | 'requests', test: (name: string) => boolean) => {
    for (const [name, amount] of podAmounts({ metadata, spec: rest } as Pod, field))
      if (test(name) && !Object.hasOwn(to, name)) to[name] = formatQuantity(amount);
  };
  add(limits, 'limits', (name) => isHugePages(name) && !Object.hasOwn(requests, name));
  if (Object.keys(limits).length === 0) return;
  own.limits = limits;
  add(requests, 'requests', (name) => isPodLevel(name) && !isHugePages(name));
  for (const [name, limit] of Object.entries(limits)) if (isPodLevel(name)) requests[name] ??= limit;
  if (Object.keys(requests).length > 0) own.requests = requests;
}

/** A pod: its spec, requests that follow from limits, and service links. */
export function defaultPod(pod: Pod): void {
  const { spec } = pod;
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    // Of pods alone: a template is not told which ports its pods will take.
    if (spec.hostNetwork) for (const port of container.ports ?? []) port.hostPort ||= port.containerPort;
    const limits = container.resources?.limits;
    if (!limits || !container.resources) continue;
    const requests = container.resources.requests ?? {};
    for (const [name, quantity] of Object.entries(limits))
      if (!Object.hasOwn(requests, name)) requests[name] = quantity;
    container.resources.requests = requests;
  }
  if (spec.resources) defaultPodLevelResources(pod);
  spec.enableServiceLinks ??= true;
  defaultPodSpec(spec);
}
