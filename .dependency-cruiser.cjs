// The floors of docs/architecture.md: imports point down, never up and never sideways between rooms of one floor.

const floors = [
  ['ui', 'lessons'],
  ['sandbox', 'kubectl', 'bridge'],
  ['controllers', 'scheduler', 'kubelet', 'proxy', 'addons'],
  ['client', 'cri', 'network', 'machine'],
  ['apiserver'],
  ['etcd'],
  ['api', 'trace'],
  ['env'],
];

// What crosses a floor by design.
const sidewaysDoors = {
  ui: ['lessons'], // the lesson panel shows the lesson engine
  cri: ['machine', 'network'], // cri/v86 drives a machine on the network
  machine: ['network'],
};

const rules = [];
floors.forEach((rooms, floor) => {
  const above = floors.slice(0, floor).flat();
  for (const room of rooms) {
    const siblings = rooms.filter((other) => other !== room && !(sidewaysDoors[room] ?? []).includes(other));
    const forbidden = [...above, ...siblings];
    if (forbidden.length === 0) continue;
    rules.push({
      name: `floors-${room}`,
      severity: 'error',
      comment: `${room} may import only from the floors below it`,
      from: { path: `^src/${room}/`, pathNot: '\\.test\\.ts$|/testing/' },
      to: { path: `^src/(${forbidden.join('|')})/` },
    });
  }
});

module.exports = {
  forbidden: [
    ...rules,
    {
      name: 'only-sandbox-imports-apiserver',
      severity: 'error',
      comment: 'everybody else speaks HTTP to it',
      from: { path: '^src/(?!apiserver|sandbox|bridge)', pathNot: '\\.test\\.ts$|/testing/' },
      to: { path: '^src/apiserver/' },
    },
    {
      name: 'only-apiserver-imports-etcd-client',
      severity: 'error',
      comment: 'state is behind the API server',
      from: { path: '^src/(?!apiserver|etcd|sandbox|bridge)', pathNot: '\\.test\\.ts$|/testing/' },
      to: { path: '^src/etcd/' },
    },
    {
      name: 'env-hosts-are-not-imported-by-components',
      severity: 'error',
      comment: 'a component is given its Env; only what assembles a cluster chooses the host',
      from: { path: '^src/(?!env|sandbox|bridge|ui|kubectl)', pathNot: '\\.test\\.ts$|/testing/' },
      to: { path: '^src/env/(worker|simulated|node)/' },
    },
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    exclude: { path: 'node_modules|src/api/generated' },
    enhancedResolveOptions: { extensions: ['.ts', '.svelte', '.mjs', '.js'] },
  },
};
