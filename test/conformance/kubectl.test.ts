// The real kubectl against a fresh control plane over HTTPS: each command's output is upstream's.

import { findKubectl } from './kubectl-binary.ts';
import { clusterChapters } from './kubectl-cluster-commands.ts';
import { objectChapters } from './kubectl-object-commands.ts';
import { useKubectl, walkThrough } from './kubectl-steps.ts';

const found = findKubectl();
const binary = 'path' in found ? found.path : '';
if ('missing' in found) console.warn(`kubectl conformance skipped: ${found.missing}`);

walkThrough(useKubectl(binary), { ...objectChapters, ...clusterChapters }, !binary);
