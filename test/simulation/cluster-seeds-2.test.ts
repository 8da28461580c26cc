import { seedsUnderFaults } from './cluster-seeds.ts';

seedsUnderFaults(1);
