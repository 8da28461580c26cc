// The columns of each resource's table.

import { translateTimestampSince } from '../../api/time.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceInfo } from '../registry/resource.ts';

export interface ColumnDefinition {
  name: string;
  type: string;
  format: string;
  description: string;
  priority: number;
}

export interface Columns {
  definitions: ColumnDefinition[];
  cells(object: KubeObject, now: number): unknown[];
}

export function columnsOf(_resource: ResourceInfo): Columns {
  const definition = (name: string, format = ''): ColumnDefinition => ({
    name,
    type: 'string',
    format,
    description: '',
    priority: 0,
  });
  return {
    definitions: [definition('Name', 'name'), definition('Age')],
    cells: (object, now) => [object.metadata.name, translateTimestampSince(object.metadata.creationTimestamp, now)],
  };
}
