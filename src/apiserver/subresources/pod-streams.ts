// log, exec, attach and portforward of pods (pkg/registry/core/pod/rest).

import type { FieldErrorList } from '../../api/field-error.ts';
import { forbidden, invalid, path } from '../../api/field-error.ts';
import type { Pod } from '../../api/generated/types.ts';
import { newBadRequest, newInvalid } from '../../api/status.ts';
import { channelStreamType } from '../../env/streams.ts';
import type { RequestContext } from '../server/context.ts';
import type { Core, SpecialHandler } from '../server/core.ts';
import { askKubelet, chooseContainer, connectStream, nodeOf, passOn } from '../streams/kubelet.ts';
import { admitConnect } from './admission.ts';

const isTrue = (value: string | null) => value === 'true' || value === '1';

async function podNamed(core: Core, { info }: RequestContext): Promise<Pod> {
  const { object } = await core.catalog.registry('', 'pods').get(info.namespace, info.name);
  return object as unknown as Pod;
}

const passedOn = ['follow', 'previous', 'timestamps', 'sinceSeconds', 'sinceTime', 'tailLines', 'limitBytes'];

/** GET pods/<name>/log */
export const podLog: SpecialHandler = (core, context) => {
  const { info, url } = context;
  if (info.verb !== 'get') return undefined;
  return (async () => {
    const query = url.searchParams;
    checkLogOptions(query, info.name);
    const pod = await podNamed(core, context);
    const container = chooseContainer(pod, query.get('container'));
    const node = pod.spec.nodeName;
    // Not scheduled yet: nothing has been written.
    if (!node) return new Response('', { headers: { 'content-type': 'text/plain' } });
    const passed = new URLSearchParams();
    for (const name of passedOn) {
      const value = query.get(name);
      if (value) passed.set(name, value);
    }
    const target = `/containerLogs/${info.namespace}/${info.name}/${container}?${passed}`;
    const response = await passOn(await askKubelet(core, node, target, context), 'read the log');
    response.headers.set('content-type', 'text/plain');
    return response;
  })();
};

const timePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** ValidatePodLogOptions; `name` is the pod's. Throws BadRequest for what is no number or time, Invalid for what is too small. */
function checkLogOptions(query: URLSearchParams, name: string): void {
  const number = (field: string): number | undefined => {
    const text = query.get(field);
    if (!text) return undefined;
    if (!/^[+-]?\d+$/.test(text))
      throw newBadRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
    return Number(text);
  };
  const tailLines = number('tailLines');
  const limitBytes = number('limitBytes');
  const sinceSeconds = number('sinceSeconds');
  const sinceTime = query.get('sinceTime');
  if (sinceTime && !timePattern.test(sinceTime))
    throw newBadRequest(
      `parsing time ${JSON.stringify(sinceTime)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(sinceTime)} as "2006"`,
    );
  const errors: FieldErrorList = [];
  if (tailLines !== undefined && tailLines < 0)
    errors.push(invalid(path('tailLines'), tailLines, 'must be greater than or equal to 0'));
  if (limitBytes !== undefined && limitBytes < 1)
    errors.push(invalid(path('limitBytes'), limitBytes, 'must be greater than 0'));
  if (sinceSeconds !== undefined && sinceTime)
    errors.push({
      type: 'FieldValueForbidden',
      field: '',
      detail: 'at most one of `sinceTime` or `sinceSeconds` may be specified',
    });
  else if (sinceSeconds !== undefined && sinceSeconds < 1)
    errors.push(invalid(path('sinceSeconds'), sinceSeconds, 'must be greater than 0'));
  // One of the two streams alone: a feature that is off by default.
  if (query.get('stream')) errors.push(forbidden(path('stream'), 'may not be specified'));
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
      const pod = await podNamed(core, context);
      const container = chooseContainer(pod, options.container ?? null);
      const node = nodeOf(pod);
      const passed = new URLSearchParams();
      if (options.stdin) passed.set('input', '1');
      if (options.stdout) passed.set('output', '1');
      if (options.stderr) passed.set('error', '1');
      if (options.tty) passed.set('tty', '1');
      const { command = [] } = options;
      if (kind === 'exec' && command.length === 0)
        throw newBadRequest('you must specify at least 1 command for the container');
      for (const word of command) passed.append('command', word);
      return connectStream(core, context, node, `/${kind}/${info.namespace}/${info.name}/${container}?${passed}`);
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
    const node = nodeOf(await podNamed(core, context));
    const asks = context.request.headers.get('content-type') === channelStreamType;
    if (wanted === '' && asks) return new Response(null, { status: 204 });
    const number = options.ports?.[0] ?? 0;
    if (!Number.isInteger(number) || number < 1 || number > 65535)
      throw newBadRequest(`invalid port ${JSON.stringify(wanted)}`);
    return connectStream(core, context, node, `/portForward/${info.namespace}/${info.name}?port=${number}`);
  })();
};
