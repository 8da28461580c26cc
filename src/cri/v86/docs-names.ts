// The Kubernetes docs pull some images from the project's own registry. The page's registry holds the same programs under their Docker Hub names.

interface HubImage {
  /** "docker.io/library/busybox". */
  repository: string;
  /** Tags that the hub's image does not have, and what stands for them. */
  tags: Readonly<Record<string, string>>;
}

const busybox: HubImage = {
  repository: 'docker.io/library/busybox',
  tags: { '1.24': '1.28', '1.27': '1.28', '1.27.2': '1.28' },
};
const nginxSlim: HubImage = {
  repository: 'docker.io/library/nginx',
  tags: { '0.8': '1.14', '0.9': '1.14', '0.21': '1.21', '0.24': '1.26', '0.27': '1.26' },
};

const hubImages: Readonly<Record<string, HubImage>> = {
  'docker.io/library/busybox': busybox,
  'registry.k8s.io/busybox': busybox,
  'k8s.gcr.io/busybox': busybox,
  'registry.k8s.io/nginx-slim': nginxSlim,
  'k8s.gcr.io/nginx-slim': nginxSlim,
};

/** The name under which the page's registry may hold the image `name` ("registry.k8s.io/busybox:1.27.2") of `repository`: most are held under their own. */
export function heldAs(name: string, repository: string): { name: string; repository: string } {
  const hub = hubImages[repository];
  if (!hub || name.includes('@')) return { name, repository };
  const tag = name.slice(repository.length + 1);
  return { name: `${hub.repository}:${hub.tags[tag] ?? tag}`, repository: hub.repository };
}
