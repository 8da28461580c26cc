// `describe` of services and what stands behind and before them.

import type { EndpointSlice, Endpoints, Ingress, IngressBackend, Service } from '../../api/generated/types.ts';
import { messageOf } from '../../env/errors.ts';
import type { KubeObject } from '../object.ts';
import { mapText, writeAnnotations, writeEvents, writeHead, writeLabels } from './common.ts';
import type { Describing } from './writer.ts';

async function slicesOf(
  { kube }: Pick<Describing, 'kube'>,
  namespace: string,
  service: string,
): Promise<EndpointSlice[]> {
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  const list = await kube.client.json<{ items: EndpointSlice[] }>(path, {
    query: { labelSelector: `kubernetes.io/service-name=${service}` },
  });
  return list.items;
}

/** "10.244.1.2:80,10.244.2.3:80 + 1 more...": where a port of a service leads. */
function endpointsText(slices: EndpointSlice[], portName: string): string {
  if (slices.length === 0) return '<none>';
  const addresses: string[] = [];
  for (const slice of slices) {
    const ports = slice.ports?.length ? slice.ports.filter((port) => (port.name ?? '') === portName) : [];
    for (const port of ports) {
      for (const endpoint of slice.endpoints ?? []) {
        if (endpoint.conditions?.ready === false) continue;
        for (const address of endpoint.addresses) {
          const host = address.includes(':') ? `[${address}]` : address;
          addresses.push(port.port === undefined ? host : `${host}:${port.port}`);
        }
      }
    }
  }
  const shown = addresses.slice(0, 3).join(',');
  return addresses.length > 3 ? `${shown} + ${addresses.length - 3} more...` : shown;
}

export async function describeService(on: Describing, object: KubeObject): Promise<void> {
  const { w } = on;
  const service = object as unknown as Service;
  const { metadata, spec } = service;
  w.write(0, `Name:\t${metadata.name}\n`);
  w.write(0, `Namespace:\t${metadata.namespace}\n`);
  writeLabels(w, 'Labels', metadata.labels);
  writeAnnotations(w, metadata.annotations);
  w.write(0, `Selector:\t${spec.selector ? mapText(spec.selector) : '<none>'}\n`);
  w.write(0, `Type:\t${spec.type ?? ''}\n`);
  if (spec.ipFamilyPolicy) w.write(0, `IP Family Policy:\t${spec.ipFamilyPolicy}\n`);
  w.write(0, `IP Families:\t${spec.ipFamilies?.length ? spec.ipFamilies.join(',') : '<none>'}\n`);
  w.write(0, `IP:\t${spec.clusterIP ?? ''}\n`);
  w.write(0, `IPs:\t${spec.clusterIPs?.length ? spec.clusterIPs.join(',') : '<none>'}\n`);
  if (spec.externalIPs?.length) w.write(0, `External IPs:\t${spec.externalIPs.join(',')}\n`);
  if (spec.loadBalancerIP) w.write(0, `Desired LoadBalancer IP:\t${spec.loadBalancerIP}\n`);
  if (spec.externalName) w.write(0, `External Name:\t${spec.externalName}\n`);
  const ingress = (service.status?.loadBalancer?.ingress ?? []).map((each) => each.ip ?? each.hostname ?? '');
  if (ingress.length > 0) w.write(0, `LoadBalancer Ingress:\t${ingress.join(', ')}\n`);
  const slices = await slicesOf(on, metadata.namespace ?? '', metadata.name).catch(() => []);
  for (const port of spec.ports ?? []) {
    const name = port.name || '<unset>';
    w.write(0, `Port:\t${name}\t${port.port}/${port.protocol ?? ''}\n`);
    w.write(0, `TargetPort:\t${port.targetPort ?? 0}/${port.protocol ?? ''}\n`);
    if (port.nodePort) w.write(0, `NodePort:\t${name}\t${port.nodePort}/${port.protocol ?? ''}\n`);
    w.write(0, `Endpoints:\t${endpointsText(slices, port.name ?? '')}\n`);
  }
  w.write(0, `Session Affinity:\t${spec.sessionAffinity ?? ''}\n`);
  if (spec.externalTrafficPolicy) w.write(0, `External Traffic Policy:\t${spec.externalTrafficPolicy}\n`);
  if (spec.internalTrafficPolicy) w.write(0, `Internal Traffic Policy:\t${spec.internalTrafficPolicy}\n`);
  if (spec.trafficDistribution) w.write(0, `Traffic Distribution:\t${spec.trafficDistribution}\n`);
  if (spec.healthCheckNodePort) w.write(0, `HealthCheck NodePort:\t${spec.healthCheckNodePort}\n`);
  if (spec.loadBalancerSourceRanges?.length)
    w.write(0, `LoadBalancer Source Ranges:\t${spec.loadBalancerSourceRanges.join(',')}\n`);
  await writeEvents(on, object);
}

export async function describeEndpoints(on: Describing, object: KubeObject): Promise<void> {
  const { w } = on;
  const endpoints = object as unknown as Endpoints;
  writeHead(w, object.metadata);
  writeLabels(w, 'Labels', object.metadata.labels);
  writeAnnotations(w, object.metadata.annotations);
  w.write(0, 'Subsets:\n');
  (endpoints.subsets ?? []).forEach((subset) => {
    const ready = (subset.addresses ?? []).map((address) => address.ip).join(',');
    const not = (subset.notReadyAddresses ?? []).map((address) => address.ip).join(',');
    w.write(1, `Addresses:\t${ready || '<none>'}\n`);
    w.write(1, `NotReadyAddresses:\t${not || '<none>'}\n`);
    if (subset.ports?.length) {
      w.write(1, 'Ports:\n');
      w.write(2, 'Name\tPort\tProtocol\n');
      w.write(2, '----\t----\t--------\n');
      for (const port of subset.ports) w.write(2, `${port.name || '<unset>'}\t${port.port}\t${port.protocol ?? ''}\n`);
    }
    w.write(0, '\n');
  });
  await writeEvents(on, object);
}

export async function describeEndpointSlice(on: Describing, object: KubeObject): Promise<void> {
  const { w } = on;
  const slice = object as unknown as EndpointSlice;
  writeHead(w, object.metadata);
  writeLabels(w, 'Labels', object.metadata.labels);
  writeAnnotations(w, object.metadata.annotations);
  w.write(0, `AddressType:\t${slice.addressType}\n`);
  if (!slice.ports?.length) w.write(0, 'Ports: <unset>\n');
  else {
    w.write(0, 'Ports:\n');
    w.write(1, 'Name\tPort\tProtocol\n');
    w.write(1, '----\t----\t--------\n');
    for (const port of slice.ports)
      w.write(1, `${port.name || '<unset>'}\t${port.port ?? '<unset>'}\t${port.protocol ?? ''}\n`);
  }
  if (!slice.endpoints?.length) w.write(0, 'Endpoints: <none>\n');
  else {
    w.write(0, 'Endpoints:\n');
    for (const endpoint of slice.endpoints) {
      w.write(1, `- Addresses:\t${endpoint.addresses.join(', ')}\n`);
      w.write(2, 'Conditions:\n');
      const ready = endpoint.conditions?.ready;
      w.write(3, `Ready:\t${ready === undefined ? '<unset>' : ready}\n`);
      w.write(2, `Hostname:\t${endpoint.hostname ?? '<unset>'}\n`);
      if (endpoint.targetRef) w.write(2, `TargetRef:\t${endpoint.targetRef.kind}/${endpoint.targetRef.name}\n`);
      w.write(2, `NodeName:\t${endpoint.nodeName ?? '<unset>'}\n`);
      w.write(2, `Zone:\t${endpoint.zone ?? '<unset>'}\n`);
    }
  }
  await writeEvents(on, object);
}

function backendText(backend: IngressBackend | undefined): string {
  if (backend?.service)
    return `${backend.service.name}:${backend.service.port?.number ?? backend.service.port?.name ?? ''}`;
  if (backend?.resource)
    return `APIGroup: ${backend.resource.apiGroup ?? ''}, Kind: ${backend.resource.kind}, Name: ${backend.resource.name}`;
  return '<default>';
}

export async function describeIngress(on: Describing, object: KubeObject): Promise<void> {
  const { w } = on;
  const ingress = object as unknown as Ingress;
  const { metadata } = object;
  const endpointsOf = async (backend: IngressBackend | undefined): Promise<string> => {
    if (!backend?.service) return '';
    try {
      const service = await on.kube.client.json<Service>(
        `/api/v1/namespaces/${metadata.namespace}/services/${backend.service.name}`,
      );
      const wanted = backend.service.port;
      const port = (service as unknown as Service).spec.ports?.find(
        (each) => each.port === wanted?.number || (wanted?.name && each.name === wanted.name),
      );
      return endpointsText(await slicesOf(on, metadata.namespace ?? '', backend.service.name), port?.name ?? '');
    } catch (error) {
      return `<error: ${messageOf(error)}>`;
    }
  };
  w.write(0, `Name:\t${metadata.name}\n`);
  writeLabels(w, 'Labels', metadata.labels);
  w.write(0, `Namespace:\t${metadata.namespace}\n`);
  const addresses = (ingress.status?.loadBalancer?.ingress ?? []).map((each) => each.ip ?? each.hostname ?? '');
  w.write(0, `Address:\t${addresses.join(',')}\n`);
  w.write(0, `Ingress Class:\t${ingress.spec?.ingressClassName ?? '<none>'}\n`);
  const fallback = ingress.spec?.defaultBackend;
  w.write(
    0,
    `Default backend:\t${fallback ? `${backendText(fallback)}${fallback.service ? ` (${await endpointsOf(fallback)})` : ''}` : '<default>'}\n`,
  );
  if (ingress.spec?.tls?.length) {
    w.write(0, 'TLS:\n');
    for (const tls of ingress.spec.tls) {
      const hosts = (tls.hosts ?? []).join(',');
      w.write(1, tls.secretName ? `${tls.secretName} terminates ${hosts}\n` : `SNI routes ${hosts}\n`);
    }
  }
  w.write(0, 'Rules:\n  Host\tPath\tBackends\n');
  w.write(1, '----\t----\t--------\n');
  let rules = 0;
  for (const rule of ingress.spec?.rules ?? []) {
    if (!rule.http) continue;
    rules++;
    w.write(1, `${rule.host || '*'}\t\n`);
    for (const path of rule.http.paths) {
      w.write(2, `\t${path.path ?? ''} \t${backendText(path.backend)} (${await endpointsOf(path.backend)})\n`);
    }
  }
  if (rules === 0)
    w.write(1, `*\t*\t${fallback ? `${backendText(fallback)} (${await endpointsOf(fallback)})` : '<default>'}\n`);
  writeAnnotations(w, metadata.annotations);
  await writeEvents(on, object);
}
