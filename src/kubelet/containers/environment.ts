// The environment of a container: services, envFrom, env with sources and $(VAR) references. Upstream: makeEnvironmentVariables, pkg/kubelet/envvars.
//
// Invariants: later definitions win; the order is services first, then as written; what is missing and not optional is a CreateContainerConfigError.

import type { ConfigMap, Container, EnvVarSource, Pod, Secret, Service } from '../../api/generated/types.ts';
import { textOfBase64 } from '../../env/base64.ts';
import { expand } from './expansion.ts';
import { type FieldContext, fieldValue, resourceValue } from './field-ref.ts';

export interface EnvironmentInputs extends FieldContext {
  node: { cpu: number; memoryBytes: number; ephemeralStorageBytes: number };
  /** Services of the pod's namespace and default/kubernetes. */
  services: Service[];
  /** Undefined if there is none of that name. */
  configMap(name: string): Promise<ConfigMap | undefined>;
  secret(name: string): Promise<Secret | undefined>;
  /** A key of an env file in an emptyDir volume. */
  fileKey(volume: string, path: string, key: string): Promise<string | undefined>;
}

const invalidKeys = /^[^-._a-zA-Z]|[^-._a-zA-Z0-9]|^\.$|^\.\.$/;

/** Throws an Error whose message is shown as CreateContainerConfigError. */
export async function makeEnvironment(
  inputs: EnvironmentInputs,
  pod: Pod,
  container: Container,
): Promise<{ key: string; value: string }[]> {
  const result = new Map<string, string>();
  const serviceEnv = serviceVariables(
    inputs.services,
    pod.metadata.namespace ?? '',
    pod.spec?.enableServiceLinks !== false,
  );

  for (const source of container.envFrom ?? []) {
    const prefix = source.prefix ?? '';
    const reference = source.configMapRef ?? source.secretRef;
    if (!reference) continue;
    const data = await allKeys(inputs, reference.name ?? '', source.configMapRef !== undefined);
    if (!data && !reference.optional)
      throw new Error(`${source.configMapRef ? 'configmap' : 'secret'} "${reference.name}" not found`);
    for (const key of Object.keys(data ?? {}).sort())
      if (!invalidKeys.test(prefix + key)) result.set(prefix + key, data?.[key] ?? '');
  }

  for (const variable of container.env ?? []) {
    if (variable.valueFrom) {
      const value = await valueFrom(inputs, pod, container, variable.valueFrom);
      if (value !== undefined) result.set(variable.name, value);
    } else
      result.set(
        variable.name,
        expand(variable.value ?? '', (name) => result.get(name) ?? serviceEnv.get(name)),
      );
  }

  const all = new Map([...serviceEnv].filter(([name]) => !result.has(name)));
  for (const [name, value] of result) all.set(name, value);
  return [...all].map(([key, value]) => ({ key, value }));
}

async function valueFrom(
  inputs: EnvironmentInputs,
  pod: Pod,
  container: Container,
  source: EnvVarSource,
): Promise<string | undefined> {
  if (source.fieldRef) return fieldValue(inputs, source.fieldRef.fieldPath);
  if (source.resourceFieldRef) {
    const { containerName } = source.resourceFieldRef;
    const of = containerName
      ? [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].find(
          (other) => other.name === containerName,
        )
      : container;
    if (!of) throw new Error(`container ${containerName} not found`);
    return resourceValue(source.resourceFieldRef, of, inputs.node);
  }
  if (source.configMapKeyRef) {
    const { name = '', key, optional } = source.configMapKeyRef;
    const configMap = await inputs.configMap(name);
    if (!configMap && !optional) throw new Error(`configmap "${name}" not found`);
    const value = configMap?.data?.[key];
    if (value === undefined && configMap && !optional)
      throw new Error(`couldn't find key ${key} in ConfigMap ${pod.metadata.namespace}/${name}`);
    return value;
  }
  if (source.secretKeyRef) {
    const { name = '', key, optional } = source.secretKeyRef;
    const secret = await inputs.secret(name);
    if (!secret && !optional) throw new Error(`secret "${name}" not found`);
    const value = secret?.data?.[key];
    if (value === undefined && secret && !optional)
      throw new Error(`couldn't find key ${key} in Secret ${pod.metadata.namespace}/${name}`);
    return value === undefined ? undefined : textOfBase64(value);
  }
  if (source.fileKeyRef) {
    const { volumeName, path, key, optional } = source.fileKeyRef;
    const value = await inputs.fileKey(volumeName, path, key);
    if (value === undefined && !optional)
      throw new Error(`environment variable key "${key}" not found in file "${path}"`);
    return value;
  }
  return undefined;
}

async function allKeys(
  inputs: EnvironmentInputs,
  name: string,
  isConfigMap: boolean,
): Promise<Record<string, string> | undefined> {
  if (isConfigMap) {
    const configMap = await inputs.configMap(name);
    return configMap && (configMap.data ?? {});
  }
  const secret = await inputs.secret(name);
  return (
    secret && Object.fromEntries(Object.entries(secret.data ?? {}).map(([key, value]) => [key, textOfBase64(value)]))
  );
}

/** WEB_SERVICE_HOST, WEB_SERVICE_PORT and the variables of Docker links, for services with a cluster address. */
export function serviceVariables(services: Service[], namespace: string, links: boolean): Map<string, string> {
  const out = new Map<string, string>();
  const master = services.find(
    (service) => service.metadata.namespace === 'default' && service.metadata.name === 'kubernetes',
  );
  const chosen = links ? services.filter((service) => service.metadata.namespace === namespace) : [];
  const sorted = [...chosen.filter((service) => service !== master), ...(master ? [master] : [])];
  sorted.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  for (const service of sorted) {
    const { clusterIP = '', ports = [] } = service.spec ?? {};
    if (clusterIP === '' || clusterIP === 'None') continue;
    const prefix = service.metadata.name.toUpperCase().replaceAll('-', '_');
    out.set(`${prefix}_SERVICE_HOST`, clusterIP);
    out.set(`${prefix}_SERVICE_PORT`, String(ports[0]?.port ?? ''));
    for (const port of ports)
      if (port.name)
        out.set(`${prefix}_SERVICE_PORT_${port.name.toUpperCase().replaceAll('-', '_')}`, String(port.port));
    const host = clusterIP.includes(':') ? `[${clusterIP}]` : clusterIP;
    ports.forEach((port, index) => {
      const protocol = port.protocol ?? 'TCP';
      const base = `${prefix}_PORT_${port.port}_${protocol}`;
      const url = `${protocol.toLowerCase()}://${host}:${port.port}`;
      if (index === 0) out.set(`${prefix}_PORT`, url);
      out.set(base, url);
      out.set(`${base}_PROTO`, protocol.toLowerCase());
      out.set(`${base}_PORT`, String(port.port));
      out.set(`${base}_ADDR`, clusterIP);
    });
  }
  return out;
}
