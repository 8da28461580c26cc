// Starting one container: image, configuration, create, start, postStart. Upstream: startContainer in kuberuntime_container.go.
//
// Invariant: every step that fails becomes a StartError with upstream's reason and a Warning event "Failed"; nothing half-started is left running.

import type { Container, Pod } from '../../api/generated/types.ts';
import type { NodeInfo, NodeOs } from '../../cri/node-os.ts';
import { messageOf } from '../../env/errors.ts';
import type { CallContext, RuntimeService } from '../runtime-service.ts';
import type { VolumeManager } from '../volumes/manager.ts';
import { containerConfig, verifyRunAsNonRoot } from './config.ts';
import { type HookContext, runHook } from './hooks.ts';
import { type ImageManager, rpcMessage } from './images.ts';
import { type Killer, killContainer } from './kill.ts';
import { type ContainerEvents, StartError } from './start-error.ts';

export interface Starter {
  service: RuntimeService;
  images: ImageManager;
  volumes: VolumeManager;
  os: NodeOs;
  killer: Killer;
  nodeInfo(): NodeInfo;
  environment(pod: Pod, container: Container): Promise<{ key: string; value: string }[]>;
  events(pod: Pod, container: Container): ContainerEvents;
}

export interface StartRequest {
  pod: Pod;
  container: Container;
  sandboxId: string;
  podIp: string;
  restartCount: number;
  hooks: HookContext;
}

/** Resolves with the id of the started container; rejects with StartError. */
export async function startContainer(starter: Starter, context: CallContext, request: StartRequest): Promise<string> {
  const { pod, container, restartCount } = request;
  const { service, os } = starter;
  const events = starter.events(pod, container);

  try {
    await starter.images.ensureImageExists(
      pod,
      container,
      {
        pullImage: (image) => service.pullImage(context, image),
        imageStatus: (image) => service.runtime.imageStatus(image),
      },
      events,
    );
  } catch (error) {
    if (error instanceof StartError && !error.repeated) events('Warning', 'Failed', `Error: ${error.reason}`);
    throw error;
  }

  let config: ReturnType<typeof containerConfig>;
  try {
    const image = await service.runtime.imageStatus(container.image ?? '');
    verifyRunAsNonRoot(pod, container, image?.uid);
    const envs = await starter.environment(pod, container);
    const mounts = await starter.volumes.mountsFor(pod, container, envs);
    const terminationFile = await makeTerminationFile(os, pod, container, restartCount);
    config = containerConfig({
      pod,
      container,
      restartCount,
      envs,
      mounts,
      terminationFile,
      nodeMemoryBytes: starter.nodeInfo().memoryBytes,
    });
  } catch (error) {
    throw failed(events, 'CreateContainerConfigError', messageOf(error));
  }

  let id: string;
  try {
    id = await service.createContainer(context, request.sandboxId, config);
  } catch (error) {
    throw failed(events, 'CreateContainerError', messageOf(error));
  }
  events('Normal', 'Created', 'Container created');

  try {
    await service.startContainer(context, id, container.name);
  } catch (error) {
    throw failed(events, 'RunContainerError', messageOf(error));
  }
  events('Normal', 'Started', 'Container started');

  const postStart = container.lifecycle?.postStart;
  if (postStart) {
    try {
      await runHook(request.hooks, container, id, postStart, 3600);
    } catch (error) {
      events('Warning', 'FailedPostStartHook', 'PostStartHook failed');
      const status = await service.runtime.containerStatus(id).catch(() => undefined);
      if (status)
        await killContainer(starter.killer, context, status, { pod, message: 'FailedPostStartHook' }).catch(() => {});
      throw new StartError('PostStartHookError', `PostStartHookError: ${rpcMessage(error)}`);
    }
  }
  return id;
}

function failed(events: ContainerEvents, reason: string, message: string): StartError {
  events('Warning', 'Failed', `Error: ${message}`);
  return new StartError(reason, message);
}

/** An empty file for the container to write its last words to, mounted at terminationMessagePath. */
async function makeTerminationFile(
  os: NodeOs,
  pod: Pod,
  container: Container,
  restartCount: number,
): Promise<string | undefined> {
  if (container.terminationMessagePath === '') return undefined;
  const directory = await os.volumePath(pod.metadata.uid ?? '', `termination-log.${container.name}.${restartCount}`);
  await os.writeVolume(directory, [{ path: 'termination-log', content: new Uint8Array(), mode: 0o666 }]);
  return `${directory}/termination-log`;
}
