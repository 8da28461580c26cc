// How a CustomResourceDefinition says that its versions are converted (apiextensions-apiserver/pkg/apis/apiextensions/validation).

import {
  type FieldErrorList,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../../api/field-error.ts';
import type { CustomResourceConversion, CustomResourceDefinition } from '../../api/generated/types.ts';
import { isDns1035Label } from '../../api/names.ts';
import { validateWebhookClient } from '../admission/webhook-client-validation.ts';

export const isEstablished = ({ status }: CustomResourceDefinition): boolean =>
  status?.conditions?.some((condition) => condition.type === 'Established' && condition.status === 'True') ?? false;

export function validateConversion(
  errors: FieldErrorList,
  at: FieldPath,
  conversion: CustomResourceConversion | undefined,
  old: CustomResourceDefinition | undefined,
): void {
  if (!conversion) return;
  const { strategy, webhook } = conversion;
  if (!strategy) errors.push(required(at.child('strategy')));
  else if (strategy !== 'None' && strategy !== 'Webhook')
    errors.push(notSupported(at.child('strategy'), strategy, ['None', 'Webhook']));
  const client = at.child('webhookClientConfig');
  if (strategy !== 'Webhook') {
    if (webhook?.clientConfig) errors.push(forbidden(client, 'should not be set when strategy is not set to Webhook'));
    if (webhook?.conversionReviewVersions?.length)
      errors.push(
        forbidden(at.child('conversionReviewVersions'), 'should not be set when strategy is not set to Webhook'),
      );
    return;
  }
  if (!webhook?.clientConfig) errors.push(required(client, 'required when strategy is set to Webhook'));
  else {
    errors.push(...validateWebhookClient(webhook.clientConfig, client));
    const bundle = webhook.clientConfig.caBundle;
    // A bundle that is no good is let be until the definition is established, and where it was none before.
    const before = old?.spec.conversion?.webhook?.clientConfig?.caBundle;
    if (bundle && old && isEstablished(old) && !(before && bundleProblem(before)) && bundleProblem(bundle))
      errors.push(invalid(client.child('caBundle'), bundle, noCertificates));
  }
  const where = at.child('conversionReviewVersions');
  const versions = webhook?.conversionReviewVersions ?? [];
  if (versions.length === 0) return void errors.push(required(where));
  for (const [i, version] of versions.entries()) {
    if (versions.indexOf(version) < i) errors.push(invalid(where.index(i), version, 'duplicate version'));
    else for (const wrong of isDns1035Label(version)) errors.push(invalid(where.index(i), version, wrong));
  }
  const known = (list: readonly string[]) => list.some((version) => version === 'v1' || version === 'v1beta1');
  const before = old?.spec.conversion?.webhook?.conversionReviewVersions ?? [];
  if (!known(versions) && (before.length === 0 || known(before)))
    errors.push(invalid(where, versions, 'must include at least one of v1, v1beta1'));
}

const noCertificates = 'unable to load root certificates: data does not contain any valid RSA or ECDSA certificates';

function bundleProblem(bundle: string): boolean {
  try {
    return !/-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/.test(atob(bundle));
  } catch {
    return true;
  }
}
