import { byHead } from './attention-heads.ts';
import type { Graph, Value } from './graph.ts';
import { inverse, upTo, type Rectangles } from './strips.ts';

/*
 * What SAM's ViT adds to the logits of attention: q·R[distance in rows] + q·C[distance in columns], with q before scaling
 * (Li et al. 2021, MViTv2). R and C are the tensors `rel_pos_h` and `rel_pos_w` of a block.
 */

/** No weight after softmax, and finite. */
const NEVER = -1e30;

/**
 * A table of relative positions as one matrix [head, keys] per row (or column) from `top` on: entry [r][c][k] is
 * table[top + r − k + reach − 1][c], and 0 from k = reach on.
 */
function relativeTable(
  graph: Graph,
  tensor: string,
  place: { top: number; count: number; reach: number; keys: number },
): Value {
  const { top, count, reach, keys } = place;
  const { dims, read } = graph.weights.source.tensor(tensor);
  const head = dims[1]!;
  return graph.derived(`${tensor} from ${top}, ${count}`, [count, head, keys], () => {
    const table = read();
    const values = new Float32Array(count * head * keys);
    for (let row = 0; row < count; row += 1) {
      for (let channel = 0; channel < head; channel += 1) {
        for (let key = 0; key < reach; key += 1) {
          values[(row * head + channel) * keys + key] =
            table[(top + row - key + reach - 1) * head + channel]!;
        }
      }
    }
    return values;
  });
}

/** The tokens that ask: rectangles whose first row is row `top` of their window or image; queries [tokens, heads · head]. */
export interface Asking extends Rectangles {
  q: Value;
  top: number;
  heads: number;
}

/**
 * Row and column parts, summed: [groups, heads, tokens of a rectangle, keyRows · reach]. Keys lie in `keyRows` rows of
 * `reach`; those from row `reach` on never count. `name` is that of the block's attention.
 */
export function relativeBias(
  graph: Graph,
  name: string,
  { q, groups, height, width, top, heads }: Asking,
  { reach, keyRows = reach }: { reach: number; keyRows?: number },
): Value {
  const perGroup = height * width;
  const head = graph.weights.source.tensor(`${name}.rel_pos_h`).dims[1]!;
  const rows = graph.op('MatMul', [
    graph.reshape(q, [groups, height, width * heads, head]),
    relativeTable(graph, `${name}.rel_pos_h`, { top, count: height, reach, keys: keyRows }),
  ]);
  const columnFirst = upTo(groups * perGroup).map((at) => {
    const [group, within] = [Math.floor(at / perGroup), at % perGroup];
    return group * perGroup + (within % height) * width + Math.floor(within / height);
  });
  const columns = graph.op('MatMul', [
    graph.reshape(graph.gather(q, columnFirst), [groups, width, height * heads, head]),
    relativeTable(graph, `${name}.rel_pos_w`, { top: 0, count: width, reach, keys: reach }),
  ]);
  const inOrder = { groups, heads, rows: upTo(groups * perGroup) };
  const ofRows = byHead(graph, rows, { ...inOrder, n: keyRows });
  const never = upTo(keyRows).map((row) => (row < reach ? 0 : NEVER));
  const counted = keyRows > reach ? graph.op('Add', [ofRows, graph.floats(never)]) : ofRows;
  const ofColumns = byHead(graph, columns, { ...inOrder, rows: inverse(columnFirst), n: reach });
  const sum = graph.op('Add', [
    graph.reshape(counted, [groups, heads, perGroup, keyRows, 1]),
    graph.reshape(ofColumns, [groups, heads, perGroup, 1, reach]),
  ]);
  return graph.reshape(sum, [groups, heads, perGroup, keyRows * reach]);
}
