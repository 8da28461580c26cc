// One HTTP GET from the node, within the guest's own time, judged as kubelet judges it (200 to 399 is success).

import type { Agent } from '../../machine/agent.ts';
import { AgentError, errno } from '../../machine/agent-stream.ts';
import type { HttpProbe, ProbeOutcome } from '../node-os.ts';
import { dialError } from './process.ts';

/** The request's bytes. Host and User-Agent may be overridden by the probe's own headers, as upstream allows. */
function requestText({ host, port, path, headers }: HttpProbe): string {
  const own = new Set(headers.map(({ name }) => name.toLowerCase()));
  const lines = [`GET ${path.startsWith('/') ? path : `/${path}`} HTTP/1.1`];
  if (!own.has('host')) lines.push(`Host: ${host}:${port}`);
  if (!own.has('user-agent')) lines.push('User-Agent: kube-probe/1.36');
  if (!own.has('accept')) lines.push('Accept: */*');
  for (const { name, value } of headers) lines.push(`${name}: ${value}`);
  lines.push('Connection: close', '', '');
  return lines.join('\r\n');
}

export async function httpProbe(agent: Agent, request: HttpProbe): Promise<ProbeOutcome> {
  const { scheme, host, port, path, timeoutSeconds } = request;
  const get = `Get "${scheme}://${host}:${port}${path.startsWith('/') ? path : `/${path}`}": `;
  if (scheme === 'https')
    return { success: false, message: `${get}remote error: tls: this node cannot speak TLS to pods` };
  const stream = agent.open([
    'tcp',
    'host',
    host,
    'port',
    String(port),
    'deadline',
    String(Math.max(1, timeoutSeconds) * 1000),
  ]);
  try {
    await stream.started;
    await stream.write(new TextEncoder().encode(requestText(request)));
    const reader = stream.stdout.getReader();
    const decoder = new TextDecoder();
    let text = '';
    while (!text.includes('\r\n')) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
    reader.cancel().catch(() => {});
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1];
    if (status === undefined) {
      if (text === '') await stream.result; // says why there was no answer
      return { success: false, message: `${get}${text === '' ? 'EOF' : 'malformed HTTP response'}` };
    }
    const code = Number(status);
    if (code >= 200 && code < 400) return { success: true, message: '' };
    return { success: false, message: `HTTP probe failed with statuscode: ${code}` };
  } catch (error) {
    if (error instanceof AgentError && error.errno === errno.ETIMEDOUT)
      return {
        success: false,
        message: `${get}context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
      };
    return { success: false, message: `${get}${dialError(error, host, port)}` };
  } finally {
    stream.close();
  }
}
