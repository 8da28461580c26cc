// /healthz, /livez and /readyz with their sub-checks, exclude and verbose (apiserver/pkg/server/healthz).
//
// Invariants: checks have upstream's names and stand in upstream's order; those that stand for what a server does when it starts are there for what ours does.

import type { RequestContext } from './context.ts';
import type { Core } from './core.ts';

/** Why it fails, or undefined. */
type Check = (core: Core) => Promise<string | undefined>;

/** --etcd-healthcheck-timeout, --etcd-readycheck-timeout. */
const storePatience = 2000;

const ok: Check = async () => undefined;

const storeAnswers: Check = ({ store, env }) =>
  new Promise((resolve) => {
    const fail = (why: string) => resolve(`error getting data from etcd: ${why}`);
    const cancel = env.clock.after(storePatience, () => fail('context deadline exceeded'));
    store
      .currentRevision()
      .then(
        () => resolve(undefined),
        (error) => fail(error instanceof Error ? error.message : String(error)),
      )
      .finally(cancel);
  });

const cacheIsFilled: Check = async ({ store }) =>
  store.cache.whole ? undefined : '1 informers not started yet: [watch cache]';

// A server does not serve before it has done all of them.
const startHooks = [
  'start-apiserver-admission-initializer',
  'generic-apiserver-start-informers',
  'priority-and-fairness-config-consumer',
  'priority-and-fairness-filter',
  'start-apiextensions-informers',
  'start-apiextensions-controllers',
  'crd-informer-synced',
  'start-system-namespaces-controller',
  'rbac/bootstrap-roles',
  'scheduling/bootstrap-system-priority-classes',
  'priority-and-fairness-config-producer',
  'bootstrap-controller',
].map((name): [string, Check] => [`poststarthook/${name}`, ok]);

const basic: [string, Check][] = [
  ['ping', ok],
  ['log', ok],
  ['etcd', storeAnswers],
];

const alive = new Map([...basic, ...startHooks]);
const groups: Readonly<Record<string, ReadonlyMap<string, Check>>> = {
  healthz: alive,
  livez: alive,
  readyz: new Map([
    ...basic,
    ['etcd-readiness', storeAnswers],
    ['informer-sync', cacheIsFilled],
    ...startHooks,
    ['shutdown', async ({ stopping }) => (stopping ? 'process is shutting down' : undefined)],
  ]),
};

/** The path of each check, and of all together. */
export const healthPaths: readonly string[] = Object.entries(groups).flatMap(([root, checks]) => [
  `/${root}`,
  ...[...checks.keys()].map((name) => `/${root}/${name}`),
]);

const answer = (body: string, status: number, sniff: boolean) =>
  new Response(body, {
    status,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-cache, private',
      'content-length': String(new TextEncoder().encode(body).byteLength),
      ...(!sniff && { 'x-content-type-options': 'nosniff' }),
    },
  });
/** http.Error */
const failure = (body: string, status: number) => answer(`${body}\n`, status, false);

/** Answers a health path, or undefined if `path` is none. */
export function health(core: Core, { url }: RequestContext): Promise<Response> | undefined {
  const [, root = '', ...rest] = url.pathname.split('/');
  const checks = Object.hasOwn(groups, root) ? groups[root] : undefined;
  if (!checks) return undefined;
  return rest.length === 0 ? all(core, root, checks, url.searchParams) : one(core, checks.get(rest.join('/')));
}

async function one(core: Core, check: Check | undefined): Promise<Response> {
  if (!check) return failure('404 page not found', 404);
  const error = await check(core);
  return error === undefined ? answer('ok', 200, true) : failure(`internal server error: ${error}`, 500);
}

async function all(
  core: Core,
  root: string,
  checks: ReadonlyMap<string, Check>,
  query: URLSearchParams,
): Promise<Response> {
  const excluded = new Set(query.getAll('exclude'));
  const unknown = [...excluded].filter((name) => !checks.has(name)).sort();
  const results = await Promise.all(
    [...checks].map(async ([name, check]) => ({ name, error: excluded.has(name) ? undefined : await check(core) })),
  );
  const lines = results.map(({ name, error }) => {
    if (excluded.has(name)) return `[+]${name} excluded: ok`;
    // Everybody may read this; why it failed, only those who may ask for that check.
    return error === undefined ? `[+]${name} ok` : `[-]${name} failed: reason withheld`;
  });
  if (unknown.length > 0) {
    const names = unknown.map((name) => JSON.stringify(name)).join(',');
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`);
  }
  const text = `${lines.join('\n')}\n`;
  if (results.some(({ error }) => error !== undefined)) return failure(`${text}${root} check failed`, 500);
  return answer(query.has('verbose') ? `${text}${root} check passed\n` : 'ok', 200, false);
}
