// log, exec, attach and portforward of pods (pkg/registry/core/pod/rest).

import type { FieldErrorList } from '../../api/field-error.ts';
import { invalid, path } from '../../api/field-error.ts';
import { newBadRequest, newInvalid } from '../../api/status.ts';
import { channelStreamType } from '../../env/streams.ts';
import type { SpecialHandler } from '../server/core.ts';
import { askKubelet, chooseContainer, connectStream, passOn, scheduledPod } from '../streams/kubelet.ts';
import { admitConnect } from './admission.ts';

const isTrue = (value: string | null) => value === 'true' || value === '1';

/** GET pods/<name>/log */
export const podLog: SpecialHandler = (core, context) => {
  const { info, url } = context;
  if (info.verb !== 'get') return undefined;
  return (async () => {
    const query = url.searchParams;
    const entry = await core.catalog.registry('', 'pods').get(info.namespace, info.name);
    const pod = entry.object as unknown as Parameters<typeof chooseContainer>[0];
    checkLogOptions(query, info.name);
    const container = chooseContainer(pod, query.get('container'));
    const node = pod.spec.nodeName;
    // Not scheduled yet: nothing has been written.
    if (!node) return new Response('', { headers: { 'content-type': 'text/plain' } });
    const passed = new URLSearchParams();
    for (const name of [
      'follow',
      'previous',
      'timestamps',
      'sinceSeconds',
      'sinceTime',
      'tailLines',
      'limitBytes',
      'stream',
    ]) {
      const value = query.get(name);
      if (value) passed.set(name, value);
    }
    const target = `/containerLogs/${info.namespace}/${info.name}/${container}?${passed}`;
    const response = await passOn(await askKubelet(core, node, target, context), 'read the log');
    response.headers.set('content-type', 'text/plain');
    return response;
  })();
};

function checkLogOptions(query: URLSearchParams, name: string): void {
  const errors: FieldErrorList = [];
  const whole = (field: string, least: number, text: string) => {
    const value = query.get(field);
    if (value !== null && value !== '' && !(Number.isInteger(Number(value)) && Number(value) >= least))
      errors.push(invalid(path(field), Number(value), text));
  };
  whole('tailLines', 0, 'must be greater than or equal to 0');
  whole('limitBytes', 1, 'must be greater than 0');
  whole('sinceSeconds', 1, 'must be greater than 0');
  if (query.get('sinceSeconds') && query.get('sinceTime'))
    errors.push({
      type: 'FieldValueForbidden',
      field: 'sinceSeconds',
      detail: 'at most one of `sinceTime` or `sinceSeconds` may be specified',
    });
  if (errors.length > 0) throw newInvalid({ group: '', kind: 'PodLogOptions' }, name, errors);
}

/** PodExecOptions and PodAttachOptions; what is not asked for is left out. */
interface StreamOptions {
  stdin?: true;
  stdout?: true;
  stderr?: true;
  tty?: true;
  container?: string;
  command?: string[];
}

function streamOptions(query: URLSearchParams, withCommand: boolean): StreamOptions {
  const options: StreamOptions = {};
  for (const name of ['stdin', 'stdout', 'stderr', 'tty'] as const) if (isTrue(query.get(name))) options[name] = true;
  const container = query.get('container');
  if (container) options.container = container;
  const command = query.getAll('command');
  if (withCommand && command.length > 0) options.command = command;
  return options;
}

const streamHandler =
  (kind: 'exec' | 'attach'): SpecialHandler =>
  (core, context, served) => {
    const { info, url } = context;
    if (info.verb !== 'create' && info.verb !== 'get') return undefined;
    return (async () => {
      const options = await admitConnect(core, context, served, streamOptions(url.searchParams, kind === 'exec'));
      const pod = await scheduledPod(core, info.namespace, info.name);
      const container = chooseContainer(pod, options.container ?? null);
      if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed')
        throw newBadRequest(`cannot ${kind} in a container of a completed pod; current phase is ${pod.status.phase}`);
      const passed = new URLSearchParams();
      if (options.stdin) passed.set('input', '1');
      if (options.stdout) passed.set('output', '1');
      if (options.stderr) passed.set('error', '1');
      if (options.tty) passed.set('tty', '1');
      const { command = [] } = options;
      if (kind === 'exec' && command.length === 0)
        throw newBadRequest('you must specify at least 1 command for the container');
      for (const word of command) passed.append('command', word);
      return connectStream(
        core,
        context,
        pod.spec.nodeName,
        `/${kind}/${info.namespace}/${info.name}/${container}?${passed}`,
      );
    })();
  };

export const podExec = streamHandler('exec');
export const podAttach = streamHandler('attach');

/** POST pods/<name>/portforward?ports=80: one port a request. Without one it only says whether ports of the pod may be forwarded: 204. */
export const podPortForward: SpecialHandler = (core, context, served) => {
  const { info, url } = context;
  if (info.verb !== 'create' && info.verb !== 'get') return undefined;
  return (async () => {
    const wanted = url.searchParams.get('ports') ?? url.searchParams.get('port') ?? '';
    const asked = /^\d+$/.test(wanted) ? { ports: [Number(wanted)] } : {};
    const options = await admitConnect<{ ports?: number[] }>(core, context, served, asked);
    const pod = await scheduledPod(core, info.namespace, info.name);
    const asks = context.request.headers.get('content-type') === channelStreamType;
    if (wanted === '' && asks) return new Response(null, { status: 204 });
    const number = options.ports?.[0] ?? 0;
    if (!Number.isInteger(number) || number < 1 || number > 65535)
      throw newBadRequest(`invalid port ${JSON.stringify(wanted)}`);
    return connectStream(
      core,
      context,
      pod.spec.nodeName,
      `/portForward/${info.namespace}/${info.name}?port=${number}`,
    );
  })();
};
