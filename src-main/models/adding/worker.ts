import { ok, type Result } from '../../../src-shared/result.ts';
import { parentChannel } from '../../parent-channel.ts';
import { asAppError } from './app-error.ts';
import { readOnnxModel, type OnnxModel } from './onnx-model.ts';
import type { SourceFile } from './sources.ts';
import {
  buildFromCheckpoint,
  inspectCheckpoint,
  type BuiltFiles,
  type CheckpointFacts,
} from './checkpoint-tasks.ts';

export type Task =
  | { type: 'inspect'; path: string }
  | { type: 'onnx'; sources: SourceFile[] }
  | { type: 'build'; checkpointPath: string; folder: string; expectedSha256: string };
export type TaskAnswer<T extends Task['type']> = T extends 'inspect'
  ? CheckpointFacts
  : T extends 'onnx'
    ? OnnxModel
    : BuiltFiles;

/** Whoever asked ends this process when it has the answer. */
async function answer(task: Task): Promise<Result<unknown>> {
  try {
    if (task.type === 'onnx') return readOnnxModel(task.sources);
    return ok(
      task.type === 'inspect'
        ? await inspectCheckpoint(task.path)
        : await buildFromCheckpoint(task.checkpointPath, task.folder, task.expectedSha256),
    );
  } catch (error) {
    return { ok: false, error: asAppError(error) };
  }
}

const channel = parentChannel();
channel.onMessage(async (task) => channel.send(await answer(task as Task)));
