// What a component answers to whoever asks how it is: /healthz, /livez and /readyz (component-base's healthz), at its upstream port.

import { textResponse } from './http-link.ts';
import type { Closable, Network } from './network.ts';

/** Serves health checks at `host:port` until closed. A process that is paused or dead answers nobody. */
export function serveHealthz(network: Network, host: string, port: number): Closable {
  return network.serve(`${host}:${port}`, async (request) => {
    const { pathname } = new URL(request.url);
    return ['/healthz', '/livez', '/readyz'].includes(pathname)
      ? textResponse(200, 'ok')
      : textResponse(404, '404 page not found');
  });
}
