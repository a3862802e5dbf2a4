import type { Result } from '../../src-shared/result.ts';
import type { PlanProgress } from './plan-import.ts';
import type { DecodedVolume, ImportPlan, PlannedSeries } from './types.ts';

export type WorkerRequest =
  { job: 'plan'; paths: string[]; tempDir: string } | { job: 'decode'; planned: PlannedSeries };

export type WorkerReply =
  | { is: 'plan-progress'; progress: PlanProgress }
  | { is: 'slices'; done: number }
  | { is: 'planned'; plan: ImportPlan }
  | { is: 'plan-failed'; reason: string }
  | { is: 'decoded'; result: Result<DecodedVolume> };
