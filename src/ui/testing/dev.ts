// The page over the stand-in cluster, for looking at it while working on it: `npx vite` and open /src/ui/testing/.

import { parseAllDocuments } from 'yaml';
import { lessonBook } from '../../lessons/index.ts';
import { startPage } from '../main.ts';
import type { KubectlProgram } from '../state/kubectl.ts';
import { FakeCluster } from './fake-cluster.ts';

const cluster = new FakeCluster();

const program: KubectlProgram = {
  runShell: (line, io) => program.runKubectl(line, io),
  complete: async (line) => ({ start: line.length, candidates: [], space: true }),
  async runKubectl(args, io) {
    const words = typeof args === 'string' ? args.split(/\s+/) : args;
    if (words[0] === 'apply') {
      const text = String((await io.files.read(words[2] ?? '')) ?? '');
      for (const doc of parseAllDocuments(text)) {
        const object = doc.toJS() as { kind: string; metadata: { name: string } };
        if (!object) continue;
        const plural = `${object.kind.toLowerCase()}s`;
        const group = object.kind === 'Deployment' ? '/apis/apps/v1' : '/api/v1';
        await io.fetch(`${group}/namespaces/default/${plural}`, { method: 'POST', body: JSON.stringify(object) });
        io.stdout(`${object.kind.toLowerCase()}/${object.metadata.name} created\n`);
      }
      return 0;
    }
    io.stdout('NAME   READY   STATUS    RESTARTS   AGE\nweb    1/1     Running   0          5s\n');
    return 0;
  },
};

void startPage({ kubectl: async () => program, start: async () => cluster, lessons: lessonBook });
