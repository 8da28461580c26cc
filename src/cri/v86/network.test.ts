// The pod network on two real machines: pods reach pods on other nodes, Services by nftables, probes, and what a cut cable does.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { imageIsBuilt, notBuilt } from '../../machine/testing/image.ts';
import { plainContainer } from '../plain-config.ts';
import { startTestNodes } from './testing/node.ts';
import { sandboxConfig } from './testing/pods.ts';

type TestNode = Awaited<ReturnType<typeof startTestNodes>>[number];

describe.skipIf(!imageIsBuilt)(
  imageIsBuilt ? 'pod network of v86 nodes' : `pod network (${notBuilt})`,
  { timeout: 120_000 },
  () => {
    let nodes: TestNode[];
    let one: TestNode;
    let two: TestNode;
    let client: string;
    let serverIp: string;
    const decoder = new TextDecoder();

    const shell = async (node: TestNode, container: string, script: string) => {
      const { stdout, stderr, exitCode } = await node.runtime.execSync(container, ['sh', '-c', script], 60);
      return { text: decoder.decode(stdout) + decoder.decode(stderr), exitCode };
    };

    beforeAll(async () => {
      nodes = await startTestNodes(2);
      [one, two] = nodes as [TestNode, TestNode];
      await Promise.all([one.runtime.pullImage('busybox'), two.runtime.pullImage('nginx:1.22')]);
      const clientPod = await one.runtime.runPodSandbox(sandboxConfig('client'));
      client = await one.runtime.createContainer(clientPod, plainContainer('busybox', ['sleep', '100000']));
      await one.runtime.startContainer(client);
      const serverPod = await two.runtime.runPodSandbox(sandboxConfig('web'));
      const server = await two.runtime.createContainer(serverPod, plainContainer('nginx:1.22', []));
      await two.runtime.startContainer(server);
      serverIp = (await two.runtime.listPodSandboxes())[0]?.ip ?? '';
      for (let tries = 0; tries < 100; tries++) {
        const probe = await two.os.probeHttp({
          scheme: 'http',
          host: serverIp,
          port: 80,
          path: '/',
          headers: [],
          timeoutSeconds: 5,
        });
        if (probe.success) break;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      const { stdout } = await two.runtime.execSync(server, ['cat', '/proc/1/cmdline'], 10);
      expect(decoder.decode(stdout)).toContain('nginx: master process');
    }, 180_000);
    afterAll(() => Promise.all((nodes ?? []).map(({ machine }) => machine.stop())));

    test('a pod gets the page of a web server on another node', async () => {
      const { text } = await shell(one, client, `wget -q -O - http://${serverIp}/`);
      expect(text).toContain('Welcome to nginx!');
      expect(text).toContain('1.22.1');
      expect(text).toContain('<code>web</code>');
    });

    test('a Service address is rewritten by the rules of the client node', async () => {
      await one.os.applyNftables(`table ip kube-proxy
      delete table ip kube-proxy
      table ip kube-proxy {
        map service-ips { type ipv4_addr . inet_proto . inet_service : verdict; elements = { 10.96.0.10 . tcp . 80 : goto endpoint } }
        chain endpoint {
          meta l4proto tcp dnat to ${serverIp}:80
        }
        chain services {
          ip daddr . meta l4proto . th dport vmap @service-ips
        }
        chain nat-prerouting {
          type nat hook prerouting priority dstnat; policy accept;
          jump services
        }
        chain nat-output {
          type nat hook output priority -100; policy accept;
          jump services
        }
      }`);
      expect((await shell(one, client, 'wget -q -O - http://10.96.0.10/')).text).toContain('Welcome to nginx!');
      const connection = await one.os.dial('10.96.0.10', 80);
      const writer = connection.writable.getWriter();
      await writer.write(new TextEncoder().encode('GET / HTTP/1.0\r\n\r\n'));
      expect(await new Response(connection.readable).text()).toMatch(/^HTTP\/1\.1 200 OK/);
    });

    test('rules that do not parse are refused in the words of nft', async () => {
      await expect(one.os.applyNftables('table ip x { chain }')).rejects.toThrow(/syntax error/);
    });

    test('probes tell success from refusal, wrong status and silence', async () => {
      const get = (port: number, path: string) =>
        one.os.probeHttp({ scheme: 'http', host: serverIp, port, path, headers: [], timeoutSeconds: 2 });
      expect(await get(80, '/')).toEqual({ success: true, message: '' });
      expect((await get(80, '/nothing')).message).toBe('HTTP probe failed with statuscode: 404');
      expect((await get(81, '/')).message).toBe(
        `Get "http://${serverIp}:81/": dial tcp ${serverIp}:81: connect: connection refused`,
      );
      expect(await one.os.probeTcp(serverIp, 80, 2)).toEqual({ success: true, message: '' });
      expect((await one.os.probeTcp(serverIp, 81, 2)).message).toContain('connection refused');
    });

    test('port-forward reaches the pod on its own loopback', async () => {
      const pod = (await two.runtime.listPodSandboxes())[0]?.id ?? '';
      const connection = await two.runtime.portForward(pod, 80);
      const writer = connection.writable.getWriter();
      await writer.write(new TextEncoder().encode('GET /nothing HTTP/1.0\r\n\r\n'));
      expect(await new Response(connection.readable).text()).toMatch(/^HTTP\/1\.1 404/);
      await expect(two.runtime.portForward(pod, 9)).rejects.toThrow(/connection refused/);
    });

    test('behind a cut cable nobody answers; healed, they do', async () => {
      one.ethernet.cut('node-2');
      const silent = await one.os.probeHttp({
        scheme: 'http',
        host: serverIp,
        port: 80,
        path: '/',
        headers: [],
        timeoutSeconds: 1,
      });
      expect(silent.success).toBe(false);
      one.ethernet.heal('node-2');
      expect((await shell(one, client, `wget -q -O - http://${serverIp}/`)).text).toContain('Welcome to nginx!');
    });
  },
);
