// How a webhook says where it is: a URL or a Service (apiserver/pkg/util/webhook/validation.go).

import { type FieldErrorList, type FieldPath, invalid, required } from '../../api/field-error.ts';
import { isDns1123Subdomain, isValidPortNum } from '../../api/names.ts';

export interface WebhookClient {
  url?: string;
  service?: { namespace: string; name: string; path?: string; port?: number };
  caBundle?: string;
}

export function validateWebhookClient({ url, service }: WebhookClient, at: FieldPath): FieldErrorList {
  if ((url === undefined) === (service === undefined))
    return [required(at, 'exactly one of url or service is required')];
  if (url !== undefined) return validateUrl(url, at.child('url'));
  const errors: FieldErrorList = [];
  const where = at.child('service');
  // Upstream takes the one for the other, and so do its messages.
  if (!service?.namespace) errors.push(required(where.child('name')));
  if (!service?.name) errors.push(required(where.child('namespace')));
  for (const wrong of isValidPortNum(service?.port ?? 443))
    errors.push(invalid(where.child('port'), service?.port, `port is not valid: ${wrong}`));
  errors.push(...validatePath(service?.path, where.child('path')));
  return errors;
}

function validatePath(text: string | undefined, at: FieldPath): FieldErrorList {
  if (text === undefined || text === '' || text === '/') return [];
  if (text === '//') return [invalid(at, text, 'segment[0] may not be empty')];
  const errors: FieldErrorList = text.startsWith('/') ? [] : [invalid(at, text, "must start with a '/'")];
  const segments = text.slice(1).split('/');
  if (segments[segments.length - 1] === '') segments.pop();
  for (const [i, segment] of segments.entries()) {
    if (segment === '') errors.push(invalid(at, text, `segment[${i}] may not be empty`));
    else for (const wrong of isDns1123Subdomain(segment)) errors.push(invalid(at, text, `segment[${i}]: ${wrong}`));
  }
  return errors;
}

function validateUrl(text: string, at: FieldPath): FieldErrorList {
  const form = '; desired format: https://host[/path]';
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return [required(at, `url must be a valid URL: parse ${JSON.stringify(text)}: invalid URI for request${form}`)];
  }
  const errors: FieldErrorList = [];
  if (url.protocol !== 'https:')
    errors.push(invalid(at, url.protocol.slice(0, -1), `'https' is the only allowed URL scheme${form}`));
  if (url.host === '') errors.push(invalid(at, url.host, `host must be specified${form}`));
  if (url.username !== '' || url.password !== '')
    errors.push(invalid(at, url.username, 'user information is not permitted in the URL'));
  if (url.hash !== '') errors.push(invalid(at, url.hash.slice(1), 'fragments are not permitted in the URL'));
  if (url.search !== '') errors.push(invalid(at, url.search.slice(1), 'query parameters are not permitted in the URL'));
  return errors;
}
