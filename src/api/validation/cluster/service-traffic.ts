// Which traffic a Service takes, and how it is spread (pkg/apis/core/validation: validateServiceExternalTrafficPolicy and its neighbours).

import { type FieldErrorList, invalid, notSupported, required } from '../../field-error.ts';
import type { Service } from '../../generated/types.ts';
import { isValidPortNum } from '../../names.ts';
import { oneOf, requiredOneOf, specPath } from '../common.ts';

const externalPath = specPath.child('externalTrafficPolicy');
const internalPath = specPath.child('internalTrafficPolicy');
const healthPath = specPath.child('healthCheckNodePort');
const policies = ['Cluster', 'Local'];
const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];

/** Whether load balancers ask each node if it has endpoints of the Service. */
export const needsHealthCheck = ({ spec }: Service): boolean =>
  spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';

export const externallyAccessible = ({ spec }: Service): boolean =>
  spec.type === 'LoadBalancer' ||
  spec.type === 'NodePort' ||
  (spec.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0);

export function checkExternalTraffic(errors: FieldErrorList, service: Service): void {
  const { externalTrafficPolicy, healthCheckNodePort } = service.spec;
  if (externallyAccessible(service)) requiredOneOf(errors, externalPath, externalTrafficPolicy, policies);
  else if (externalTrafficPolicy)
    errors.push(invalid(externalPath, externalTrafficPolicy, 'may only be set for externally-accessible services'));
  if (needsHealthCheck(service)) {
    if (!healthCheckNodePort) errors.push(required(healthPath));
    else
      for (const message of isValidPortNum(healthCheckNodePort))
        errors.push(invalid(healthPath, healthCheckNodePort, message));
  } else if (healthCheckNodePort) {
    errors.push(
      invalid(
        healthPath,
        healthCheckNodePort,
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
      ),
    );
  }
}

export function checkTrafficPolicies(errors: FieldErrorList, { spec }: Service): void {
  const { type = '', internalTrafficPolicy, trafficDistribution } = spec;
  if (internalTrafficPolicy === undefined && ['ClusterIP', 'LoadBalancer', 'NodePort'].includes(type))
    errors.push(required(internalPath));
  oneOf(errors, internalPath, internalTrafficPolicy, policies);
  if (trafficDistribution !== undefined && !distributions.includes(trafficDistribution))
    errors.push(notSupported(specPath.child('trafficDistribution'), trafficDistribution, distributions));
}
