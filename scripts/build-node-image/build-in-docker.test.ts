// buildInDocker and the cache as programs of their own (they take their folder from the environment when they start), with a `docker` that only takes notes.

import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const here = import.meta.dirname;
const root = join(here, '..', '..');

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-docker-'));
  mkdirSync(join(folder, 'bin'));
  const docker = join(folder, 'bin', 'docker');
  writeFileSync(
    docker,
    `#!/bin/sh
echo "$*" >> ${folder}/notes
case "$*" in
  'image inspect '*) exit $HAVE_IMAGE ;;
  'pull '*) echo 'Trying' >&2; echo 'no such host' >&2; exit $PULL ;;
  *build-node-image.mjs*) exit $BUILD ;;
esac
`,
  );
  chmodSync(docker, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a few lines of JavaScript; resolves with what they printed, and what docker was asked to do. */
function runScript(lines: string, env: Record<string, string> = {}): Promise<{ printed: string; asked: string[] }> {
  const settings = {
    HAVE_IMAGE: '0',
    PULL: '0',
    BUILD: '0',
    DRYDOCK_DOCKER_ARGS: '',
    DRYDOCK_DOCKER_IMAGE: '',
    ...env,
  };
  const PATH = `${join(folder, 'bin')}:${process.env['PATH']}`;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--input-type=module', '-e', lines],
      { cwd: here, env: { ...process.env, ...settings, PATH, XDG_CACHE_HOME: join(folder, 'cache') } },
      (_, stdout, stderr) => {
        const notes = join(folder, 'notes');
        const asked = existsSync(notes) ? readFileSync(notes, 'utf8').trim().split('\n') : [];
        resolve({ printed: stdout + stderr, asked });
      },
    );
  });
}

const build = `
  import { buildInDocker } from ${JSON.stringify(join(here, 'docker.mjs'))};
  await buildInDocker(['--parts', 'snapshot.mjs', 'record']).then(() => console.log('built'), (error) => console.log(error.message));
`;

it('builds in a container that reads the repository and writes the cache, and hands the files over', async () => {
  const { printed, asked } = await runScript(build, {
    DRYDOCK_DOCKER_ARGS: ' --cpus 1 ',
    http_proxy: '',
    HTTP_PROXY: '',
  });
  expect(printed).toContain('built\n');
  const [inspect, before, run = '', after, handOver] = asked;
  expect(inspect).toBe('image inspect node:22-bookworm-slim');
  expect(before).toMatch(/^rm -f drydock-image-[0-9a-f]{12}$/);
  const cache = join(folder, 'cache', 'drydock');
  expect(run).toContain(`type=bind,"source=${cache}","target=${cache}" `);
  expect(run).toContain(`type=bind,"source=${root}","target=${root}",readonly`);
  expect(run).toMatch(
    / --cpus 1 node:22-bookworm-slim node scripts\/build-node-image.mjs --parts snapshot.mjs record$/,
  );
  expect(after).toBe(before);
  expect(handOver).toMatch(/ sh -c rm -rf "\$0"\/\*\.partial; chown -R --reference="\$0" "\$0" .*\/drydock$/);
});

it('fetches the base image first if it is not there', async () => {
  const { printed, asked } = await runScript(build, { HAVE_IMAGE: '1', DRYDOCK_DOCKER_IMAGE: 'mine:1' });
  expect(asked[1]).toBe('pull --quiet --platform linux/amd64 mine:1');
  expect(printed).toContain('built\n');
});

it('says in one sentence that the base image cannot be fetched, and starts nothing', async () => {
  const { printed, asked } = await runScript(build, { HAVE_IMAGE: '1', PULL: '1' });
  expect(printed).toMatch(/^the base image node:22-bookworm-slim could not be fetched \(no such host\)$/m);
  expect(asked).toHaveLength(2);
});

it('clears up after a container that was killed', async () => {
  const { printed, asked } = await runScript(build, { BUILD: '137' });
  expect(printed).toMatch(/^the build container was killed/m);
  expect(asked.slice(3)).toEqual([expect.stringMatching(/^rm -f /), expect.stringContaining('rm -rf "$0"/*.partial')]);
});

it('keeps no half-made part in the cache', async () => {
  const cached = (make: string) => `
    import { cached } from ${JSON.stringify(join(here, 'context.mjs'))};
    import { writeFileSync } from 'node:fs';
    await cached('part', 'abc', async (out) => { writeFileSync(out + '/file', ''); ${make} }).catch((error) => console.log(error.message));
  `;
  const cache = join(folder, 'cache', 'drydock');
  expect((await runScript(cached("throw new Error('broke');"))).printed).toContain('broke');
  expect(readdirSync(cache)).toEqual([]);
  await runScript(cached('process.exit(1);'));
  expect(readdirSync(cache)).toEqual([]);
  await runScript(cached(''));
  expect(readdirSync(join(cache, 'part-abc'))).toEqual(['file']);
});
