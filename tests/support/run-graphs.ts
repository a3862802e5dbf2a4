import { join } from 'node:path';
import * as onnxruntime from 'onnxruntime-node';
import { sessionOptions } from '../../src-main/inference/engine/sessions.ts';
import type { BuiltGraph } from '../../src-main/models/graphs/types.ts';

/** Runs the graphs of a model that lie in a folder, on the CPU. */
export function graphRunner(folder: string, graphs: readonly Omit<BuiltGraph, 'bytes'>[]) {
  const sessions = new Map<string, onnxruntime.InferenceSession>();
  async function run(
    graph: Omit<BuiltGraph, 'bytes'>,
    feeds: Record<string, onnxruntime.Tensor>,
  ): Promise<Record<string, onnxruntime.Tensor>> {
    const known = sessions.get(graph.role);
    const session =
      known ??
      (await onnxruntime.InferenceSession.create(
        join(folder, graph.path),
        sessionOptions('cpu', graph),
      ));
    sessions.set(graph.role, session);
    return { ...(await session.run(feeds)) };
  }
  const ofRole = (pattern: RegExp) => graphs.filter(({ role }) => pattern.test(role));
  const tensor = (data: Float32Array, dims: readonly (number | string)[]) =>
    new onnxruntime.Tensor('float32', data, dims.map(Number));
  const floats = (value: onnxruntime.Tensor | undefined) => value?.data as Float32Array;

  return {
    /** Image [1, 3, S, S] → embedding, through all pieces. */
    async encode(image: Float32Array, encoder: 'encoder' | 'draft-encoder' = 'encoder') {
      let data = image;
      for (const graph of ofRole(new RegExp(`^${encoder}(-\\d+)?$`))) {
        const [input, output] = [graph.inputs[0]!, graph.outputs[0]!];
        const answer = await run(graph, { [input.name]: tensor(data, input.dims) });
        data = floats(answer[output.name]).slice();
      }
      return data;
    },
    /** Embedding and boxes in input pixels → logits of all boxes, IoU of each. */
    async decode(embedding: Float32Array, boxes: number[][]) {
      const [slice] = ofRole(/^decoder-slice$/);
      const [decoder] = ofRole(/^decoder$/);
      const features = await run(slice!, { embedding: tensor(embedding, slice!.inputs[0]!.dims) });
      const answer = await run(decoder!, {
        ...features,
        boxes: tensor(Float32Array.from(boxes.flat()), [boxes.length, 4]),
      });
      return { logits: floats(answer['logits']).slice(), iou: floats(answer['iou']).slice() };
    },
    async release() {
      for (const session of sessions.values()) await session.release();
      sessions.clear();
    },
  };
}
