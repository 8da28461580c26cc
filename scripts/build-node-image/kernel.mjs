// The kernel: Debian's linux-source with our configuration, as a bzImage.

import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { cached, images, program, recipeHash, say } from './context.mjs';

const expectedLines = 1520;

// Sources of hardware that our configuration cannot build; leaving them packed saves half the time and space of unpacking.
const notUnpacked = [
  'drivers/gpu',
  'drivers/media',
  'drivers/staging',
  'drivers/infiniband',
  'drivers/net/wireless',
  'drivers/net/ethernet',
  'drivers/scsi',
  'drivers/usb',
  'sound',
  'tools/testing',
  'tools/perf',
  'arch/arm',
  'arch/arm64',
  'arch/powerpc',
  'arch/mips',
  'arch/s390',
  'arch/m68k',
  'arch/sparc',
  'arch/riscv',
];

/** Resolves with a directory that holds `bzImage` and `kernel.json` ({ version }). */
export function buildKernel({ tarball }) {
  const hash = recipeHash(['images/node/kernel.config', 'scripts/build-node-image/kernel.mjs']);
  return cached('kernel', hash, async (out) => {
    const work = mkdtempSync(join(tmpdir(), 'drydock-kernel-'));
    try {
      say('kernel', 'unpacking the sources');
      await program(
        'tar',
        [
          '-xJf',
          join('/usr/src', tarball),
          '--strip-components=1',
          '--wildcards',
          ...notUnpacked.map((path) => `--exclude=*/${path}/*.[chS]`),
          '--exclude=*.dts',
          '--exclude=*.dtsi',
        ],
        { cwd: work },
      );
      const config = join(images, 'node', 'kernel.config');
      await program('make', ['ARCH=i386', 'allnoconfig', `KCONFIG_ALLCONFIG=${config}`], { cwd: work });
      const chosen = new Set(readFileSync(join(work, '.config'), 'utf8').split('\n'));
      const lost = readFileSync(config, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('CONFIG_') && !chosen.has(line));
      if (lost.length > 0) throw new Error(`kernel options that did not take: ${lost.join(' ')}`);
      // the same bytes on every machine and day
      const env = {
        ...process.env,
        KBUILD_BUILD_TIMESTAMP: '2026-01-01',
        KBUILD_BUILD_USER: 'drydock',
        KBUILD_BUILD_HOST: 'drydock',
      };
      let lines = 0;
      let shown = 0;
      const log = join(work, 'build.log');
      writeFileSync(log, '');
      say('kernel', 'compiling (the long part: about six minutes on two cores)');
      await program('make', [`-j${cpus().length}`, 'ARCH=i386', 'bzImage'], {
        cwd: work,
        env,
        line: (text) => {
          lines++;
          appendFileSync(log, `${text}\n`);
          const percent = Math.min(99, Math.floor((lines * 100) / expectedLines));
          if (percent < shown + 5) return;
          shown = percent;
          say('kernel', `compiling ${percent} %`);
        },
      });
      mkdirSync(out, { recursive: true });
      copyFileSync(join(work, 'arch/x86/boot/bzImage'), join(out, 'bzImage'));
      const version = readFileSync(join(work, 'include/config/kernel.release'), 'utf8').trim();
      const source = (await program('dpkg-query', ['-W', '-f', `\${Version}`, tarball.replace('.tar.xz', '')])).trim();
      writeFileSync(join(out, 'kernel.json'), JSON.stringify({ version, source }));
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
}
