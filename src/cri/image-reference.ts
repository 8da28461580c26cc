// Image references as people write them and as a runtime stores them (the grammar of github.com/distribution/reference).
//
// Invariant: formatting a parsed reference gives the full name ("docker.io/library/nginx:latest"), and parsing that again changes nothing.

export interface ImageReference {
  /** "docker.io", "localhost:5000". */
  domain: string;
  /** "library/nginx". */
  path: string;
  /** "latest" when neither a tag nor a digest was given. Empty when there is only a digest. */
  tag: string;
  /** "sha256:<64 hex>", or empty. */
  digest: string;
}

const pathComponent = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const domainPattern =
  /^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$/;
const tagPattern = /^[\w][\w.-]{0,127}$/;
const digestPattern = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;

/** The parsed, completed reference, or why it is none, in distribution's words ("invalid reference format"). */
export function parseImageReference(text: string): ImageReference | { error: string } {
  const invalid = { error: 'invalid reference format' };
  if (text === '') return { error: 'repository name must have at least one component' };
  let rest = text;
  let digest = '';
  const at = rest.indexOf('@');
  if (at >= 0) {
    digest = rest.slice(at + 1);
    rest = rest.slice(0, at);
    if (!digestPattern.test(digest)) return invalid;
  }
  let tag = '';
  const colon = rest.lastIndexOf(':');
  if (colon > rest.lastIndexOf('/')) {
    tag = rest.slice(colon + 1);
    rest = rest.slice(0, colon);
    if (!tagPattern.test(tag)) return invalid;
  }
  let domain = 'docker.io';
  let path = rest;
  const slash = rest.indexOf('/');
  const first = slash < 0 ? '' : rest.slice(0, slash);
  if (slash >= 0 && (/[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first)) {
    domain = first;
    path = rest.slice(slash + 1);
    if (!domainPattern.test(domain)) return invalid;
  }
  if (path.toLowerCase() !== path && !path.split('/').some((part) => !/^[\w.-]+$/.test(part)))
    return {
      error:
        'invalid reference format: repository name (' +
        (domain === 'docker.io' && !path.includes('/') ? `library/${path}` : path) +
        ') must be lowercase',
    };
  if (!path.split('/').every((part) => pathComponent.test(part))) return invalid;
  if (domain === 'index.docker.io') domain = 'docker.io';
  if (domain === 'docker.io' && !path.includes('/')) path = `library/${path}`;
  if (tag === '' && digest === '') tag = 'latest';
  return { domain, path, tag, digest };
}

/** "docker.io/library/nginx:1.27". */
export function formatImageReference(reference: ImageReference): string {
  return `${reference.domain}/${reference.path}${reference.tag ? `:${reference.tag}` : ''}${reference.digest ? `@${reference.digest}` : ''}`;
}

/** The tag that decides the default imagePullPolicy is the API server's affair; this only says whether a reference floats. */
export function imageRepository(reference: ImageReference): string {
  return `${reference.domain}/${reference.path}`;
}
