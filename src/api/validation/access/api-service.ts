// Validation of APIServices (kube-aggregator's pkg/apis/apiregistration/validation).

import { type FieldErrorList, invalid, notSupported, required } from '../../field-error.ts';
import type { APIService } from '../../generated/types.ts';
import { isDns1035Label, isDns1123Subdomain, isValidPortNum } from '../../names.ts';
import { check, metadataPath, specPath, statusPath } from '../common.ts';

export function validateApiService({ metadata, spec }: APIService): FieldErrorList {
  const errors: FieldErrorList = [];
  const { group = '', version = '', groupPriorityMinimum, versionPriority, caBundle = '', service } = spec ?? {};
  const name = `${version}.${group}`;
  if (metadata.name !== name)
    errors.push(
      invalid(
        metadataPath.child('name'),
        metadata.name,
        `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(name)}`,
      ),
    );
  if (group === '' && version !== 'v1')
    errors.push(required(specPath.child('group'), 'only v1 may have an empty group and it better be legacy kube'));
  if (group !== '') check(errors, specPath.child('group'), group, isDns1123Subdomain);
  check(errors, specPath.child('version'), version, isDns1035Label);
  const within = (field: string, value: number | undefined, most: number) => {
    if (value === undefined || value <= 0 || value > most)
      errors.push(invalid(specPath.child(field), value ?? 0, `must be positive and less than ${most}`));
  };
  within('groupPriorityMinimum', groupPriorityMinimum, 20_000);
  within('versionPriority', versionPriority, 1000);
  const insecure = specPath.child('insecureSkipTLSVerify');
  if (!service) {
    if (caBundle !== '')
      errors.push(
        invalid(
          specPath.child('caBundle'),
          `${atob(caBundle).length} bytes`,
          'local APIServices may not have a caBundle',
        ),
      );
    if (spec?.insecureSkipTLSVerify)
      errors.push(invalid(insecure, true, 'local APIServices may not have insecureSkipTLSVerify'));
    return errors;
  }
  const at = specPath.child('service');
  if (!service.namespace) errors.push(required(at.child('namespace')));
  if (!service.name) errors.push(required(at.child('name')));
  const port = service.port ?? 443;
  const wrong = isValidPortNum(port);
  if (wrong.length > 0) errors.push(invalid(at.child('port'), port, `port is not valid: ${wrong.join(', ')}`));
  if (spec?.insecureSkipTLSVerify && caBundle !== '')
    errors.push(invalid(insecure, true, 'may not be true if caBundle is present'));
  return errors;
}

const statuses = ['True', 'False', 'Unknown'];

export function validateApiServiceStatus({ status }: APIService): FieldErrorList {
  const errors: FieldErrorList = [];
  for (const [i, condition] of (status?.conditions ?? []).entries())
    if (!statuses.includes(condition.status))
      errors.push(
        notSupported(statusPath.child('conditions').index(i).child('status'), condition.status ?? '', statuses),
      );
  return errors;
}
