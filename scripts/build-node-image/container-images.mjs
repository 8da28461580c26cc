// Container images as OCI image layouts, one layer each, from Debian i386 packages (images/containers/images.json says which).

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { addBusyboxLinks, addPrograms, Tree, tar } from './archive.mjs';
import { cached, images, recipeHash, say, sha256 } from './context.mjs';
import { unpackBusybox, unpackPackages } from './debian.mjs';

const source = join(images, 'containers');

function layerTree(image, packages) {
  const tree = new Tree();
  for (const path of [
    '/bin',
    '/dev',
    '/etc',
    '/lib',
    '/proc',
    '/root',
    '/run',
    '/sys',
    '/usr/bin',
    '/usr/sbin',
    '/var/lib',
    '/var/log',
  ])
    tree.directory(path);
  tree.directory('/tmp', 0o1777).directory('/var/tmp', 0o1777);
  addPrograms(tree, packages, [...image.files, '/bin/busybox']);
  addBusyboxLinks(tree, packages);
  tree.link('/var/run', '/run');
  tree.file(
    '/etc/passwd',
    'root:x:0:0:root:/root:/bin/sh\nnginx:x:101:101:nginx:/nonexistent:/bin/false\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n',
  );
  tree.file('/etc/group', 'root:x:0:\nnginx:x:101:\nnogroup:x:65534:\n');
  tree.file('/etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n');
  tree.file(
    '/etc/os-release',
    `PRETTY_NAME="Debian GNU/Linux (${image.suite}), cut down by Drydock"\nID=debian\nVERSION_CODENAME=${image.suite}\n`,
  );
  if (image.overlay) {
    tree.copy(join(source, image.overlay));
    tree.directory('/var/lib/nginx', 0o755, 101).directory('/var/log/nginx', 0o755);
    tree.link('/var/log/nginx/access.log', '/dev/stdout').link('/var/log/nginx/error.log', '/dev/stderr');
  }
  return tree;
}

/**
 * Resolves with a directory that holds `index.json` (an OCI index whose manifests are annotated with name and tags), `oci-layout`, `blobs/sha256/` and
 * `packages.json`.
 */
export function buildContainerImages() {
  const recipe = JSON.parse(readFileSync(join(source, 'images.json'), 'utf8'));
  const hash = recipeHash([
    'images/containers',
    'scripts/build-node-image/container-images.mjs',
    'scripts/build-node-image/archive.mjs',
  ]);
  return cached('images', hash, async (out) => {
    const blobs = join(out, 'blobs', 'sha256');
    mkdirSync(blobs, { recursive: true });
    const blob = (mediaType, bytes) => {
      const digest = sha256(bytes);
      if (!existsSync(join(blobs, digest))) writeFileSync(join(blobs, digest), bytes);
      return { mediaType, digest: `sha256:${digest}`, size: bytes.length };
    };
    const manifests = [];
    const packages = new Map();
    for (const image of recipe.images) {
      const work = mkdtempSync(join(tmpdir(), 'drydock-image-'));
      try {
        const versions = await unpackPackages(image.suite, image.packages, work);
        for (const each of versions) packages.set(`${each.name} ${each.version}`, { ...each, suite: image.suite });
        for (const each of await unpackBusybox(work)) {
          versions.push(each);
          packages.set(`${each.name} ${each.version}`, { ...each, suite: 'trixie' });
        }
        const layer = tar(layerTree(image, work));
        const config = {
          architecture: '386',
          os: 'linux',
          created: '2026-01-01T00:00:00Z',
          config: image.config,
          rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
          history: [
            {
              created: '2026-01-01T00:00:00Z',
              created_by: `Drydock, from Debian ${image.suite}: ${versions.map((v) => `${v.name} ${v.version}`).join(', ')}`,
            },
          ],
        };
        const manifest = {
          schemaVersion: 2,
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          config: blob('application/vnd.oci.image.config.v1+json', Buffer.from(JSON.stringify(config))),
          layers: [blob('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(layer, { level: 9 }))],
        };
        manifests.push({
          ...blob(manifest.mediaType, Buffer.from(JSON.stringify(manifest))),
          platform: { architecture: '386', os: 'linux' },
          annotations: {
            'org.opencontainers.image.base.name': image.name,
            'dev.drydock.tags': image.tags.join(' '),
            'dev.drydock.aliases': image.aliases.join(' '),
          },
        });
        say(
          'images',
          `${image.name}:${image.tags[0]} ${(manifest.layers[0].size / 1048576).toFixed(1)} MiB packed, ${(layer.length / 1048576).toFixed(1)} MiB unpacked`,
        );
      } finally {
        rmSync(work, { recursive: true, force: true });
      }
    }
    writeFileSync(join(out, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    writeFileSync(
      join(out, 'index.json'),
      JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests }, null, 1),
    );
    writeFileSync(join(out, 'packages.json'), JSON.stringify([...packages.values()]));
  });
}
