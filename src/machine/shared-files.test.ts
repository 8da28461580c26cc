// What the page puts into the shared tree, as a running guest sees it.

import { type ParsedTarEntryWithData, packTar, type TarHeader } from 'modern-tar';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Machine } from './machine.ts';
import { sharedRoot } from './shared-files.ts';
import { builtImage, imageIsBuilt, notBuilt } from './testing/image.ts';

const archive = (entries: (Partial<TarHeader> & { name: string; content?: string })[]) =>
  packTar(
    entries.map(({ content, ...header }): ParsedTarEntryWithData => {
      const data = content === undefined ? undefined : new TextEncoder().encode(content);
      return { header: { size: data?.length ?? 0, ...header }, ...(data ? { data } : {}) };
    }),
  );

describe.skipIf(!imageIsBuilt)(
  imageIsBuilt ? 'files shared with a guest' : `files shared with a guest (${notBuilt})`,
  { timeout: 60_000 },
  () => {
    let machine: Machine;
    beforeAll(async () => {
      machine = await Machine.boot({ image: await builtImage() });
    }, 60_000);
    afterAll(() => machine?.stop());

    const shell = async (script: string) => {
      const { stdout, stderr } = await machine.agent.run({
        command: ['sh', '-c', script],
        env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
        cwd: sharedRoot,
      });
      return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    };

    test('kinds, modes, owners, times, links and long names arrive', async () => {
      const long = `${'long/'.repeat(50)}name`;
      const path = await machine.files.unpack(
        'kinds',
        await archive([
          { name: './', type: 'directory', mode: 0o755 },
          { name: 'bin/su', mode: 0o4755, uid: 7, gid: 8, mtime: new Date(1e12), content: '#!/bin/sh\necho ran\n' },
          { name: 'tmp/', type: 'directory', mode: 0o1777 },
          { name: 'sh', type: 'symlink', linkname: 'bin/su' },
          { name: 'same', type: 'link', linkname: './bin/su' },
          { name: 'pipe', type: 'fifo', mode: 0o600 },
          { name: 'empty', content: '' },
          { name: long, content: 'far' },
        ]),
      );
      expect(path).toBe(`${sharedRoot}/kinds`);
      expect(await shell('cd kinds; stat -c "%A %u %g %Y %n" bin/su')).toBe('-rwsr-xr-x 7 8 1000000000 bin/su\n');
      expect(await shell('cd kinds; stat -c "%A %s %n" tmp pipe empty; readlink sh')).toMatch(
        /^drwxrwxrwt \d+ tmp\nprw------- \d+ pipe\n-rw-r--r-- 0 empty\nbin\/su\n$/,
      );
      expect(await shell(`cat kinds/${long}; kinds/sh; [ kinds/same -ef kinds/bin/su ] && echo one`)).toBe(
        'farran\none\n',
      );
    });

    test('a large file is read whole, and by mmap', async () => {
      const content = Array.from({ length: 200_000 }, (_, i) => `line ${i}\n`).join('');
      await machine.files.unpack('large', await archive([{ name: 'text', content }]));
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(content)));
      expect(await shell('sha256sum < large/text')).toContain(Buffer.from(digest).toString('hex'));
    });

    test('whiteouts hide what a lower layer has', async () => {
      await machine.files.unpack(
        'lower',
        await archive([
          { name: 'etc/gone', content: 'x' },
          { name: 'etc/kept', content: 'kept' },
        ]),
      );
      await machine.files.unpack(
        'upper',
        await archive([
          { name: 'etc/.wh.gone', content: '' },
          { name: 'etc/new', content: 'new' },
        ]),
      );
      const mounted = await shell(
        'mkdir -p /tmp/o/u /tmp/o/w /tmp/o/m; mount -t overlay o -o lowerdir=upper:lower,upperdir=/tmp/o/u,workdir=/tmp/o/w /tmp/o/m; cd /tmp/o/m; ls etc; echo more >> etc/kept; cat etc/kept; cat /var/lib/layers/lower/etc/kept; cd /; umount /tmp/o/m',
      );
      expect(mounted).toBe('kept\nnew\nkeptmore\nkept');
    });

    test('later entries count, and directories that were there keep their content', async () => {
      await machine.files.unpack(
        'twice',
        await archive([
          { name: 'd/a', content: 'old' },
          { name: 'd/', type: 'directory', mode: 0o700 },
          { name: 'd/a', content: 'new' },
        ]),
      );
      expect(await shell('stat -c %a twice/d; cat twice/d/a')).toBe('700\nnew');
    });

    test('a layer with an opaque directory is left to the guest', async () => {
      const made = await machine.files.unpack('opaque', await archive([{ name: 'etc/.wh..wh..opq', content: '' }]));
      expect(made).toBeUndefined();
    });

    test.each([
      ['climbs out', [{ name: '../up', content: '' }]],
      [
        'goes through a file',
        [
          { name: 'f', content: '' },
          { name: 'f/g', content: '' },
        ],
      ],
      ['links to nothing', [{ name: 'l', type: 'link' as const, linkname: 'none' }]],
    ])('an archive that %s is refused and leaves nothing', async (_, entries) => {
      await expect(machine.files.unpack('bad', await archive(entries))).rejects.toThrow();
      expect(await shell('ls -d bad*')).toContain('No such file');
    });

    test('a damaged archive is refused', async () => {
      const bytes = await archive([{ name: 'f', content: 'x' }]);
      bytes[3] = 0x7f;
      await expect(machine.files.unpack('damaged', bytes)).rejects.toThrow();
    });

    test('what the guest removes can be put there again', async () => {
      const bytes = await archive([{ name: 'd/f', content: 'again' }]);
      await machine.files.unpack('removed', bytes);
      expect(await shell('cat removed/d/f')).toBe('again');
      await machine.agent.batch(['remove', `${sharedRoot}/removed`]);
      expect(await shell('ls -d removed')).toContain('No such file');
      await machine.files.unpack('removed', bytes);
      expect(await shell('cat removed/d/f')).toBe('again');
    });
  },
);
