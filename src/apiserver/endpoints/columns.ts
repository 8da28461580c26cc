// The columns of a resource's table: those of its kind, or those that its CustomResourceDefinition prints.

import { type Columns, columnsFor } from '../../api/tables/index.ts';
import type { ResourceInfo } from '../registry/resource.ts';

export const columnsOf = (resource: ResourceInfo): Columns => resource.columns ?? columnsFor(resource.type);
