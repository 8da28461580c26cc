// Names of signers of certificates: "example.com/signer" (pkg/apis/core/validation/names.go: ValidateSignerName).

import { type FieldErrorList, type FieldPath, invalid, required, tooLong } from '../field-error.ts';
import { isDns1123Label, isDns1123Subdomain, type NameCheck } from '../names.ts';

const maxDomain = 253;
const maxName = 571;

/** The first bad part speaks for all. */
function checkParts(errors: FieldErrorList, at: FieldPath, value: string, test: NameCheck): void {
  for (const part of value.split('.')) {
    const messages = test(part);
    for (const message of messages)
      errors.push(invalid(at, value, `validating label ${JSON.stringify(part)}: ${message}`));
    if (messages.length > 0) return;
  }
}

export function validateSignerName(errors: FieldErrorList, at: FieldPath, name: string): void {
  if (name === '') {
    errors.push(required(at));
    return;
  }
  const [domain = '', path, ...more] = name.split('/');
  if (path === undefined || more.length > 0) {
    errors.push(invalid(at, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'"));
    return;
  }
  if (domain.length > maxDomain) errors.push(tooLong(at, maxDomain));
  checkParts(errors, at, domain, isDns1123Label);
  if (!domain.includes('.'))
    errors.push(invalid(at, domain, 'should be a domain with at least two segments separated by dots'));
  checkParts(errors, at, path, isDns1123Subdomain);
  if (name.length > maxName) errors.push(tooLong(at, maxName));
}
