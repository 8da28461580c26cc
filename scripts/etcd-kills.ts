// The long kill sweep of the store in Chromium: tsx scripts/etcd-kills.ts [kills, default 500].

import { spawn } from 'node:child_process';

const kills = process.argv[2] ?? '500';
const child = spawn('npx', ['vitest', 'run', '--project', 'browser', 'test/browser/etcd-kills.test.ts'], {
  stdio: 'inherit',
  env: { ...process.env, VITE_ETCD_KILLS: kills },
});
child.once('exit', (code) => process.exit(code ?? 1));
