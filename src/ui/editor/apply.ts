// Apply and Delete of the editor: the same kubectl the terminal has, over a fetch that also keeps the API server's Status answers, so that errors can
// be shown at the field they are about.

import type { KubectlResult } from '../../sandbox/cluster.ts';
import { fieldsIn, locate, objectsIn, type Problem, yamlProblems } from './locate.ts';

export interface Outcome {
  ok: boolean;
  /** Lines kubectl printed. */
  done: string[];
  failed: string[];
  problems: Problem[];
}

interface Failure {
  message?: string;
  details?: { name?: string; kind?: string; causes?: { field?: string; message?: string }[] };
}

type Fetch = (path: string, init?: RequestInit) => Promise<Response>;
type Kubectl = (args: string[], fetch: Fetch) => Promise<KubectlResult>;

/** Applies or deletes what a file describes. */
export async function act(
  verb: 'apply' | 'delete',
  file: { name: string; text: string },
  kubectl: Kubectl,
  fetch: Fetch,
): Promise<Outcome> {
  const broken = yamlProblems(file.text);
  if (broken.length > 0)
    return {
      ok: false,
      done: [],
      failed: broken.map((each) => `line ${each.line}: ${each.message}`),
      problems: broken,
    };
  if (objectsIn(file.text).length === 0)
    return {
      ok: false,
      done: [],
      failed: ['There is no object in this file: it needs apiVersion, kind and metadata.'],
      problems: [],
    };
  const failures: { failure: Failure; body: string }[] = [];
  const watched: Fetch = async (path, init) => {
    const response = await fetch(path, init);
    if (response.status >= 400 && init?.method && init.method !== 'GET') {
      const failure = (await response
        .clone()
        .json()
        .catch(() => undefined)) as Failure | undefined;
      if (failure) failures.push({ failure, body: typeof init.body === 'string' ? init.body : '' });
    }
    return response;
  };
  const args =
    verb === 'apply' ? ['apply', '-f', file.name] : ['delete', '-f', file.name, '--ignore-not-found', '--wait=false'];
  const result = await kubectl(args, watched);
  return {
    ok: result.exitCode === 0,
    done: linesOf(result.stdout),
    failed: linesOf(result.stderr),
    problems: failures.flatMap(({ failure, body }) => problemsOf(file.text, failure, body)),
  };
}

function problemsOf(text: string, failure: Failure, body: string): Problem[] {
  const message = failure.message ?? '';
  const objects = objectsIn(text);
  const name = failure.details?.name ?? /"metadata":\{[^{}]*"name":"([^"]+)"/.exec(body)?.[1];
  const index = objects.find((object) => object.name === name && (!body || body.includes(`"${object.kind}"`)))?.index;
  const at = index ?? objects.find((object) => object.name === name)?.index ?? 0;
  const causes = (failure.details?.causes ?? []).flatMap((cause) =>
    cause.field ? [{ path: cause.field, message: cause.message ?? message }] : [],
  );
  const fields = causes.length > 0 ? causes : fieldsIn(message);
  if (fields.length === 0) return [{ ...locate(text, at, 'kind'), message }];
  return fields.map((field) => ({ ...locate(text, at, field.path), message: field.message }));
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}
