// Files that volumes make of ConfigMaps, Secrets, fields of the pod, tokens and certificates (pkg/apis/core/validation: validateKeyToPath,
// validateDownwardAPIVolumeFile, validateProjectionSources).

import { type FieldErrorList, type FieldPath, forbidden, invalid, notSupported, required } from '../../field-error.ts';
import type {
  ClusterTrustBundleProjection,
  DownwardAPIVolumeFile,
  KeyToPath,
  PodCertificateProjection,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
} from '../../generated/types.ts';
import { isDns1123Subdomain, isQualifiedName } from '../../names.ts';
import { validateLabelSelector } from '../common.ts';
import { validateSignerName } from '../signer-name.ts';
import { validateFieldSelector, validateResourceSelector } from './env-sources.ts';
import { goValue } from './go-values.ts';
import { hadFlaw, type PodOptions } from './options.ts';
import { checkFileMode, checkLocalNonReservedPath } from './paths.ts';

export function validateItems(errors: FieldErrorList, items: readonly KeyToPath[] | undefined, at: FieldPath): void {
  if (!items) return;
  for (const [i, item] of items.entries()) {
    const where = at.child('items').index(i);
    if (!item.key) errors.push(required(where.child('key')));
    if (!item.path) errors.push(required(where.child('path')));
    checkLocalNonReservedPath(errors, where.child('path'), item.path ?? '');
    checkFileMode(errors, where.child('mode'), item.mode);
  }
}

const volumeFields = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];

/** Upstream names the volume, not the item. */
export function validateDownwardFile(errors: FieldErrorList, file: DownwardAPIVolumeFile, at: FieldPath): void {
  if (!file.path) errors.push(required(at.child('path')));
  checkLocalNonReservedPath(errors, at.child('path'), file.path ?? '');
  if (file.fieldRef) {
    validateFieldSelector(errors, file.fieldRef, at.child('fieldRef'), volumeFields);
    if (file.resourceFieldRef)
      errors.push(invalid(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
  } else if (file.resourceFieldRef)
    validateResourceSelector(errors, file.resourceFieldRef, at.child('resourceFieldRef'), true);
  else errors.push(required(at, 'one of fieldRef and resourceFieldRef is required'));
  checkFileMode(errors, at.child('mode'), file.mode);
}

/** Where each source puts its files: no two at the same place. `value` is what the error shows. */
type Claim = (path: string | undefined, value: string) => void;

const minTokenSeconds = 600;
const maxTokenSeconds = 2 ** 32;

function validateToken(
  errors: FieldErrorList,
  token: ServiceAccountTokenProjection,
  at: FieldPath,
  volume: FieldPath,
  options: PodOptions,
): void {
  const seconds = token.expirationSeconds;
  if (seconds === undefined) errors.push(required(at.child('expirationSeconds')));
  else if (seconds < minTokenSeconds)
    errors.push(invalid(at.child('expirationSeconds'), seconds, 'may not specify a duration less than 10 minutes'));
  else if (seconds > maxTokenSeconds)
    errors.push(invalid(at.child('expirationSeconds'), seconds, 'may not specify a duration larger than 2^32 seconds'));
  if (!token.path) errors.push(required(volume.child('path')));
  else if (!hadFlaw(options, (old) => (old.volumes ?? []).some(({ projected }) => hasWildTokenPath(projected))))
    checkLocalNonReservedPath(errors, volume.child('path'), token.path);
}

function hasWildTokenPath(projected: ProjectedVolumeSource | undefined): boolean {
  return (projected?.sources ?? []).some(({ serviceAccountToken }) => {
    const path = serviceAccountToken?.path ?? '';
    return path.startsWith('/') || path.startsWith('..') || path.split('/').includes('..');
  });
}

/** Names of trust bundles of a signer begin with the signer's, its slash written as a colon. */
function trustBundleNameErrors(name: string): string[] {
  const last = name.lastIndexOf(':');
  if (last < 0) return isDns1123Subdomain(name);
  const start = name.slice(0, last + 1);
  if (!/^[^:]*:[^:]*:$/.test(start)) return isDns1123Subdomain(name);
  return isDns1123Subdomain(name.slice(start.length));
}

function validateTrustBundle(
  errors: FieldErrorList,
  bundle: ClusterTrustBundleProjection,
  at: FieldPath,
  claim: Claim,
): void {
  const { name, signerName, labelSelector, path = '' } = bundle;
  if (name !== undefined && signerName !== undefined)
    errors.push(
      invalid(at, goValue('ClusterTrustBundleProjection', bundle), 'only one of name and signerName may be used'),
    );
  else if (name !== undefined) {
    if (name === '') errors.push(required(at.child('name'), 'must be a valid object name'));
    for (const message of trustBundleNameErrors(name))
      errors.push(invalid(at.child('name'), name, `not a valid clustertrustbundlename: ${message}`));
    if (labelSelector)
      errors.push(
        invalid(at.child('labelSelector'), labelSelector, 'labelSelector must be unset if name is specified'),
      );
  } else if (signerName !== undefined) {
    if (signerName === '') errors.push(required(at.child('signerName'), 'must be a valid signer name'));
    validateSignerName(errors, at.child('signerName'), signerName);
    validateLabelSelector(errors, labelSelector, at.child('labelSelector'));
  } else errors.push(required(at, 'either name or signerName must be specified'));
  if (path === '') errors.push(required(at.child('path')));
  checkLocalNonReservedPath(errors, at.child('path'), path);
  claim(path, path);
}

const keyTypes = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'];
const day = 24 * 60 * 60;

function validateCertificate(
  errors: FieldErrorList,
  certificate: PodCertificateProjection,
  at: FieldPath,
  claim: Claim,
): void {
  const { signerName = '', keyType = '', maxExpirationSeconds: seconds, userAnnotations = {} } = certificate;
  validateSignerName(errors, at.child('signerName'), signerName);
  for (const key of Object.keys(userAnnotations).map((each) => each.toLowerCase())) {
    const messages = isQualifiedName(key);
    if (messages.length === 0 && !key.includes('/'))
      messages.push('must be a domain-prefixed key (such as "acme.io/foo")');
    for (const message of messages) errors.push(invalid(at.child('userAnnotations'), key, message));
  }
  if (!keyTypes.includes(keyType)) errors.push(notSupported(at.child('keyType'), keyType, keyTypes));
  if (seconds !== undefined) {
    const most = signerName.split('/')[0] === 'kubernetes.io' ? day : 91 * day;
    const where = at.child('maxExpirationSeconds');
    if (seconds < 3600) errors.push(invalid(where, seconds, 'if provided, maxExpirationSeconds must be >= 3600'));
    if (seconds > most) errors.push(invalid(where, seconds, `if provided, maxExpirationSeconds must be <= ${most}`));
  }
  let count = 0;
  for (const field of ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const) {
    const path = certificate[field];
    if (!path) continue;
    count++;
    checkLocalNonReservedPath(errors, at.child(field), path);
    claim(path, path);
  }
  if (count === 0)
    errors.push(required(at, 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath'));
}

export function validateProjected(
  errors: FieldErrorList,
  projected: ProjectedVolumeSource,
  at: FieldPath,
  options: PodOptions,
): void {
  checkFileMode(errors, at.child('defaultMode'), projected.defaultMode);
  const taken = new Set<string>();
  const claim: Claim = (path, value) => {
    if (path !== undefined && taken.has(path)) errors.push(invalid(at, value, 'conflicting duplicate paths'));
    else if (path !== undefined) taken.add(path);
  };
  for (const [i, source] of (projected.sources ?? []).entries()) {
    const where = at.child('sources').index(i);
    for (const name of ['secret', 'configMap'] as const) {
      const from = source[name];
      if (!from) continue;
      if (!from.name) errors.push(required(where.child(name, 'name')));
      validateItems(errors, from.items, where.child(name));
      for (const { path } of from.items ?? []) claim(path || undefined, from.name ?? '');
    }
    const { downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = source;
    for (const file of downwardAPI?.items ?? []) {
      validateDownwardFile(errors, file, where.child('downwardAPI'));
      claim(file.path || undefined, file.path);
    }
    if (serviceAccountToken)
      validateToken(errors, serviceAccountToken, where.child('serviceAccountToken'), at, options);
    if (clusterTrustBundle) validateTrustBundle(errors, clusterTrustBundle, where.child('clusterTrustBundle'), claim);
    if (podCertificate) validateCertificate(errors, podCertificate, where.child('podCertificate'), claim);
    const count = Object.values(source).filter((each) => each !== undefined && each !== null).length;
    if (count > 1) errors.push(forbidden(where, 'may not specify more than 1 volume type per source'));
  }
}
