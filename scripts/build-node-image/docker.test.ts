import { describe, expect, it } from 'vitest';
import { buildsHere, hollow, howItEnded, proxySettings, whyNoDocker } from './docker.mjs';

const bookworm =
  'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nID=debian\n';
const builder = { arch: 'x64', isRoot: true, hasApt: true, osRelease: bookworm };

describe('where the image is built', () => {
  it('here on Debian 12 as root', () => {
    expect(buildsHere(builder)).toBe(true);
    expect(buildsHere({ ...builder, osRelease: 'ID="debian"\nVERSION_CODENAME="bookworm"' })).toBe(true);
  });

  it.each([
    ['a user without root', { isRoot: false }],
    ['a system without apt', { hasApt: false }],
    ['another processor', { arch: 'arm64' }],
    ['another Debian', { osRelease: bookworm.replace('=bookworm', '=trixie') }],
    ['a system that is only like Debian', { osRelease: 'ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n' }],
    ['no word about the system', { osRelease: '' }],
  ])('not here: %s', (_, difference) => {
    expect(buildsHere({ ...builder, ...difference })).toBe(false);
  });
});

describe('why Docker cannot be used', () => {
  const sentence = (said: { error?: Error; status?: number; stderr?: string }) => whyNoDocker(() => said);

  it('says nothing when the engine answers', () => {
    expect(sentence({ status: 0, stderr: '' })).toBeUndefined();
  });

  it('is not installed', () => {
    const error = Object.assign(new Error('spawnSync docker ENOENT'), { code: 'ENOENT' });
    expect(sentence({ error })).toBe(
      `The Linux node image needs Debian 12 (amd64, as root) or Docker to build, and neither is here: ${hollow}.`,
    );
  });

  it('is installed, but its engine is not running: its own last line is the reason', () => {
    const stderr = 'some warning\nCannot connect to the Docker daemon at unix:///x. Is the docker daemon running?\n';
    expect(sentence({ status: 1, stderr })).toBe(
      `The Linux node image cannot be built, because Docker is installed but does not answer (Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?): ${hollow}.`,
    );
  });

  it('is running, but not for this user', () => {
    const stderr = 'permission denied while trying to connect to the Docker daemon socket at unix:///x';
    expect(sentence({ status: 1, stderr })).toBe(
      `The Linux node image cannot be built, because this user may not use Docker here: ${hollow}.`,
    );
  });
});

describe('a container behind a proxy', () => {
  it('gets nothing where there is none', () => {
    expect(proxySettings({ PATH: '/bin', http_proxy: '' })).toEqual({ env: {}, args: [] });
  });

  it('gets the small names, which apt reads, and no value on the command line', () => {
    const { env, args } = proxySettings({
      HTTP_PROXY: 'http://me:secret@proxy:3128',
      https_proxy: 'http://b',
      HTTPS_PROXY: 'http://c',
    });
    expect(env).toEqual({ http_proxy: 'http://me:secret@proxy:3128', https_proxy: 'http://b' });
    expect(args).toEqual(['-e', 'http_proxy', '-e', 'https_proxy']);
  });

  it.each(['http://127.0.0.1:3128', 'http://localhost:3128/', 'localhost:3128', 'http://me:pass@[::1]:80'])(
    'shares the network of this machine when the proxy is on it: %s',
    (proxy) => {
      expect(proxySettings({ https_proxy: proxy }).args).toEqual(['-e', 'https_proxy', '--network', 'host']);
    },
  );

  it.each(['http://localhost.example:3128', 'http://proxy/127.0.0.1', 'http://10.127.0.0.1:1'])(
    'but not for %s',
    (proxy) => {
      expect(proxySettings({ http_proxy: proxy }).args).not.toContain('host');
    },
  );
});

it('tells how a container ended', () => {
  expect(howItEnded(137)).toContain('killed');
  expect(howItEnded(125)).toContain('Docker could not start the build container, or went away');
  expect(howItEnded(1)).toBe('the build in the container ended with 1; what it said is above');
});
