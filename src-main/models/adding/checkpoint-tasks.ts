import { basename, join } from 'node:path';
import { fileSource, type ByteSource } from '../checkpoint/byte-source.ts';
import { checkWeights } from '../checkpoint/check-weights.ts';
import { CheckpointError } from '../checkpoint/checkpoint-error.ts';
import { readCheckpoint, type Checkpoint } from '../checkpoint/read-checkpoint.ts';
import { recognise } from '../checkpoint/recognise.ts';
import { architectures } from '../graphs/architectures.ts';
import { buildModel } from '../graphs/build-model.ts';
import type { Architecture, BuiltGraph } from '../graphs/types.ts';
import { createWeightsFile } from '../graphs/weights-file.ts';
import type { ModelFile } from '../manifest.ts';
import { checkpointSource } from './checkpoint-source.ts';
import { sha256Of } from './hash-file.ts';
import { writeDurably } from './staging.ts';

/*
 * The work on a checkpoint, in a worker of its own (worker.ts): it blocks its thread, and what a file does to its
 * memory is its own matter.
 */

/** What a checkpoint is. */
export interface CheckpointFacts {
  sha256: string;
  sizeBytes: number;
  architecture: Architecture;
  tensors: number;
  /** See `Checkpoint`. */
  foundUnder: string;
  beside: string[];
  promptEncoderSha256: string;
}

/** The graphs of a model, written, with all files of the model's folder by role. */
export interface BuiltFiles {
  graphs: Omit<BuiltGraph, 'bytes'>[];
  files: Record<string, ModelFile>;
}

async function facts(
  source: ByteSource,
): Promise<{ checkpoint: Checkpoint; facts: CheckpointFacts }> {
  const checkpoint = await readCheckpoint(source);
  const architecture = recognise(checkpoint);
  const { promptEncoderSha256 } = checkWeights(source, checkpoint);
  return {
    checkpoint,
    facts: {
      sha256: sha256Of(source),
      sizeBytes: source.sizeBytes,
      architecture,
      tensors: checkpoint.tensors.size,
      foundUnder: checkpoint.foundUnder,
      beside: checkpoint.beside,
      promptEncoderSha256,
    },
  };
}

/** @throws CheckpointError, or the file system's error */
export async function inspectCheckpoint(path: string): Promise<CheckpointFacts> {
  const source = fileSource(path);
  try {
    return (await facts(source)).facts;
  } finally {
    source.close();
  }
}

const WEIGHTS_PATH = 'weights.bin';

/**
 * Writes the graphs, and the weights that need another layout, beside a checkpoint that lies in the model's folder.
 *
 * @throws CheckpointError when the file is not the one that was looked at, or the file system's error
 */
export async function buildFromCheckpoint(
  checkpointPath: string,
  folder: string,
  expectedSha256: string,
): Promise<BuiltFiles> {
  const source = fileSource(checkpointPath);
  try {
    const { checkpoint, facts: found } = await facts(source);
    if (found.sha256 !== expectedSha256) {
      throw new CheckpointError('checkpoint-damaged', {}, 'The file changed while it was added.');
    }
    const location = basename(checkpointPath);
    const weights = createWeightsFile(join(folder, WEIGHTS_PATH), WEIGHTS_PATH);
    const files: Record<string, ModelFile> = {
      checkpoint: { path: location, sha256: found.sha256, sizeBytes: found.sizeBytes },
    };
    const graphs: Omit<BuiltGraph, 'bytes'>[] = [];
    try {
      for (const { bytes, ...graph } of buildModel(
        { source: checkpointSource(source, checkpoint, location), file: weights },
        architectures[found.architecture],
        { draft: true },
      )) {
        writeDurably(join(folder, graph.path), bytes);
        const { optimised } = graph;
        files[graph.role] = { ...described(folder, graph.path), optimised };
        graphs.push(graph);
      }
    } finally {
      weights.close();
    }
    const side = described(folder, WEIGHTS_PATH);
    if (side.sizeBytes > 0) files.weights = side;
    return { graphs, files };
  } finally {
    source.close();
  }
}

function described(folder: string, path: string): ModelFile {
  const source = fileSource(join(folder, path));
  try {
    return { path, sha256: sha256Of(source), sizeBytes: source.sizeBytes };
  } finally {
    source.close();
  }
}
