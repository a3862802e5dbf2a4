import type { Graph, Value } from './graph.ts';
import type { Linear } from './layers.ts';
import { runs } from './layers.ts';
import type { VitConfig } from './types.ts';
import { windowCells } from './window-cells.ts';

/*
 * Attention of SAM's ViT: softmax(q·kᵀ/√d + row part + column part)·v, in windows or over the whole image. The row part
 * is q·R[distance in rows], the column part q·C[distance in columns], with q before scaling (Li et al. 2021, MViTv2).
 * Tokens are rows in raster order, [side², width].
 */

/** Queries of one global attention at a time; it bounds memory: their logits are [heads, 256, side²]. */
const QUERIES = 256;

interface Block {
  /** For example `image_encoder.blocks.0.attn`. */
  name: string;
  config: VitConfig;
  linear: Linear;
}

const sideOf = ({ imagePx, patchPx }: VitConfig) => imagePx / patchPx;

function multiHead(
  graph: Graph,
  inputs: { query: Value; key: Value; value: Value; bias: Value },
  heads: number,
): Value {
  const { query, key, value, bias } = inputs;
  // Order: query, key, value, bias, key_padding_mask, attention_bias. Its scale is 1/√d by itself.
  return graph.op(
    'MultiHeadAttention',
    [query, key, value, '', '', bias],
    { num_heads: { int: heads } },
    'com.microsoft',
  );
}

/**
 * The table of a relative position as one matrix [head, reach] per image row (or column): entry [r][c][k] is
 * rel_pos[(r mod reach) − k + reach − 1][c].
 */
function relativeTable(graph: Graph, tensor: string, { config }: Block, reach: number): Value {
  const side = sideOf(config);
  const head = config.width / config.heads;
  return graph.derived(`${tensor} by ${side}`, [side, head, reach], () => {
    const table = graph.weights.source.tensor(tensor).read();
    const values = new Float32Array(side * head * reach);
    let at = 0;
    for (let row = 0; row < side; row += 1) {
      for (let channel = 0; channel < head; channel += 1) {
        for (let key = 0; key < reach; key += 1) {
          values[at] = table[((row % reach) - key + reach - 1) * head + channel]!;
          at += 1;
        }
      }
    }
    return values;
  });
}

/** Row and column parts per token and head: [side (row), side (column), heads · reach] and [column, row, …]. */
function relativeParts(graph: Graph, q: Value, block: Block, reach: number): [Value, Value] {
  const { name, config } = block;
  const side = sideOf(config);
  const { width, heads } = config;
  const byLine = [side, side * heads, width / heads];
  const rows = graph.op('MatMul', [
    graph.reshape(q, byLine),
    relativeTable(graph, `${name}.rel_pos_h`, block, reach),
  ]);
  const turned = graph.transpose(graph.reshape(q, [side, side, width]), [1, 0, 2]);
  const columns = graph.op('MatMul', [
    graph.reshape(turned, byLine),
    relativeTable(graph, `${name}.rel_pos_w`, block, reach),
  ]);
  return [rows, columns];
}

/** Attention inside windows. Padding takes part with the keys and values of a token of zeros: the biases. */
export function windowAttention(graph: Graph, x: Value, block: Block): Value {
  const { name, config, linear } = block;
  const { width, heads, window } = config;
  const side = sideOf(config);
  const cells = windowCells(side, window);

  const q = linear(graph, x, `${name}.qkv`, [0, width]);
  const zeros = graph.floats(new Array<number>(width).fill(0), [1, width]);
  const padded = graph.op('Concat', [x, zeros], { axis: { int: 0 } });
  const k = linear(graph, padded, `${name}.qkv`, [width, 2 * width]);
  const v = linear(graph, padded, `${name}.qkv`, [2 * width, 3 * width]);

  const [rows, columns] = relativeParts(graph, q, block, window);
  const perToken = [side * side, heads * window];
  const parts = { rows: graph.reshape(rows, perToken), columns: graph.reshape(columns, perToken) };
  const perWindow = window * window;
  // One row of windows at a time: what lies between stays small.
  const rowOfWindows = Math.sqrt(cells.count) * perWindow;
  const answers = runs(cells.toWindows.length, rowOfWindows).map((length, at) => {
    const keys = cells.toWindows.slice(at * rowOfWindows, at * rowOfWindows + length);
    // What a padded cell asks is thrown away: it asks as token 0 does.
    const asking = keys.map((row) => (row === side * side ? 0 : row));
    const squares = [length / perWindow, perWindow, width];
    const answer = multiHead(
      graph,
      {
        query: graph.reshape(graph.gather(q, asking), squares),
        key: graph.reshape(graph.gather(k, keys), squares),
        value: graph.reshape(graph.gather(v, keys), squares),
        bias: windowBias(graph, parts, asking, config),
      },
      heads,
    );
    return graph.reshape(answer, [length, width]);
  });
  const whole =
    answers.length === 1 ? answers[0]! : graph.op('Concat', answers, { axis: { int: 0 } });
  return linear(graph, graph.gather(whole, cells.toTokens), `${name}.proj`);
}

/** Row and column parts of the window cells `asking`, summed: [windows, heads, window², window²]. */
function windowBias(
  graph: Graph,
  parts: { rows: Value; columns: Value },
  asking: number[],
  config: VitConfig,
): Value {
  const { heads, window } = config;
  const side = sideOf(config);
  const perWindow = window * window;
  const windows = asking.length / perWindow;
  const byHead = (part: Value, order: readonly number[], dims: number[]) => {
    const squared = graph.reshape(graph.gather(part, order), [windows, perWindow, heads, window]);
    const turned = graph.transpose(squared, [0, 2, 1, 3]);
    return graph.reshape(turned, [windows, heads, perWindow, ...dims]);
  };
  const columnFirst = asking.map((row) => (row % side) * side + Math.floor(row / side));
  const sum = graph.op('Add', [
    byHead(parts.rows, asking, [window, 1]),
    byHead(parts.columns, columnFirst, [1, window]),
  ]);
  return graph.reshape(sum, [windows, heads, perWindow, perWindow]);
}

/** Attention of every token to every token, some image rows of queries at a time. */
export function globalAttention(graph: Graph, x: Value, block: Block): Value {
  const { name, config, linear } = block;
  const { width, heads } = config;
  const side = sideOf(config);
  const [q, k, v] = [0, 1, 2].map((at) =>
    linear(graph, x, `${name}.qkv`, [at * width, (at + 1) * width]),
  ) as [Value, Value, Value];
  const byHead = (value: Value) =>
    graph.transpose(graph.reshape(value, [1, side * side, heads, width / heads]), [0, 2, 1, 3]);
  const [key, value] = [byHead(k), byHead(v)];

  const [rows, columns] = relativeParts(graph, q, block, side);
  const grid = [side, side, heads, side];
  const rowsByHead = graph.transpose(graph.reshape(rows, grid), [2, 0, 1, 3]);
  const columnsByHead = graph.transpose(graph.reshape(columns, grid), [2, 1, 0, 3]);

  const heights = runs(side, Math.max(1, Math.floor(QUERIES / side)));
  const queries = graph.split(
    q,
    heights.map((height) => height * side),
    0,
  );
  const rowParts = graph.split(rowsByHead, heights, 1);
  const columnParts = graph.split(columnsByHead, heights, 1);
  const answers = heights.map((height, at) => {
    const asked = height * side;
    const sum = graph.op('Add', [
      graph.reshape(rowParts[at]!, [1, heads, asked, side, 1]),
      graph.reshape(columnParts[at]!, [1, heads, asked, 1, side]),
    ]);
    const bias = graph.reshape(sum, [1, heads, asked, side * side]);
    const query = graph.reshape(queries[at]!, [1, asked, width]);
    return multiHead(graph, { query, key, value, bias }, heads);
  });
  const whole = graph.op('Concat', answers, { axis: { int: 1 } });
  return linear(graph, graph.reshape(whole, [side * side, width]), `${name}.proj`);
}
