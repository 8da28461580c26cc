// /healthz, /livez and /readyz with their sub-checks, exclude and verbose (apiserver/pkg/server/healthz).

import type { RequestContext } from './context.ts';
import type { Core } from './core.ts';

type Check = (core: Core) => Promise<boolean>;

const ok: Check = async () => true;

async function storeAnswers({ store }: Core): Promise<boolean> {
  try {
    await store.currentRevision();
    return true;
  } catch {
    return false;
  }
}

const basic: Record<string, Check> = {
  ping: ok,
  log: ok,
  etcd: storeAnswers,
  'poststarthook/start-apiextensions-controllers': ok,
  'poststarthook/rbac/bootstrap-roles': ok,
  'poststarthook/scheduling/bootstrap-system-priority-classes': ok,
  'poststarthook/start-system-namespaces-controller': ok,
};

const groups: Record<string, Record<string, Check>> = {
  healthz: basic,
  livez: basic,
  readyz: {
    ...basic,
    'etcd-readiness': storeAnswers,
    'informer-sync': async ({ store }) => store.cache.whole,
    shutdown: ok,
  },
};

const text = (body: string, status: number) =>
  new Response(body, {
    status,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-cache, private',
      'x-content-type-options': 'nosniff',
    },
  });

/** Answers a health path, or undefined if `path` is none. */
export function health(core: Core, { url }: RequestContext, path: string): Promise<Response> | undefined {
  const [, root = '', ...rest] = path.split('/');
  const group = Object.hasOwn(groups, root) ? groups[root] : undefined;
  if (!group) return undefined;
  return run(core, root, group, rest.join('/'), url.searchParams);
}

async function run(
  core: Core,
  root: string,
  group: Record<string, Check>,
  only: string,
  query: URLSearchParams,
): Promise<Response> {
  if (only !== '') {
    const check = Object.hasOwn(group, only) ? group[only] : undefined;
    if (!check) return text(`404 page not found\n`, 404);
    return (await check(core)) ? text('ok', 200) : text(`internal server error: ${only} failed\n`, 500);
  }
  const excluded = new Set(query.getAll('exclude'));
  const lines: string[] = [];
  let failed = false;
  for (const [name, check] of Object.entries(group)) {
    if (excluded.delete(name)) {
      lines.push(`[+]${name} excluded: ok`);
      continue;
    }
    const good = await check(core);
    failed ||= !good;
    lines.push(good ? `[+]${name} ok` : `[-]${name} failed: reason withheld`);
  }
  if (excluded.size > 0)
    lines.push(
      `warn: some health checks cannot be excluded: no matches for ${[...excluded].map((name) => JSON.stringify(name)).join(',')}`,
    );
  if (failed) return text(`${lines.join('\n')}\n${root} check failed\n`, 500);
  return query.has('verbose') ? text(`${lines.join('\n')}\n${root} check passed\n`, 200) : text('ok', 200);
}
