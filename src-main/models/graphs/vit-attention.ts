import type { Graph, Value } from './graph.ts';
import type { Linear } from './layers.ts';
import type { VitConfig } from './types.ts';
import { windowCells } from './window-cells.ts';

/*
 * Attention of SAM's ViT: softmax(q·kᵀ/√d + row part + column part)·v, in windows or over the whole image. The row part
 * is q·R[distance in rows], the column part q·C[distance in columns], with q before scaling (Li et al. 2021, MViTv2).
 * Tokens are rows in raster order, [side², width].
 */

interface Block {
  /** For example `image_encoder.blocks.0.attn`. */
  name: string;
  config: VitConfig;
  linear: Linear;
}

/** Some image rows: their tokens [height · side, width], and the first of the rows. */
export interface Strip {
  x: Value;
  top: number;
  height: number;
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
 * The table of a relative position as one matrix [head, keys] per image row (or column) from `top` on: entry [r][c][k]
 * is rel_pos[((top + r) mod reach) − k + reach − 1][c], and 0 from k = reach on.
 */
function relativeTable(
  graph: Graph,
  tensor: string,
  { config }: Block,
  { top, count, reach, keys }: { top: number; count: number; reach: number; keys: number },
): Value {
  const head = config.width / config.heads;
  return graph.derived(`${tensor} from ${top}, ${count}`, [count, head, keys], () => {
    const table = graph.weights.source.tensor(tensor).read();
    const values = new Float32Array(count * head * keys);
    for (let row = 0; row < count; row += 1) {
      const own = (top + row) % reach;
      for (let channel = 0; channel < head; channel += 1) {
        for (let key = 0; key < reach; key += 1) {
          values[(row * head + channel) * keys + key] =
            table[(own - key + reach - 1) * head + channel]!;
        }
      }
    }
    return values;
  });
}

/** Where a strip lies, how far its relative positions reach, and for how many rows of keys (those within reach). */
interface Place {
  top: number;
  height: number;
  reach: number;
  keyRows?: number;
}

/**
 * Row and column parts per token and head of a strip that begins at row `top` of its window (or image): [height,
 * side (column), heads · keyRows] and [column, height, heads · reach].
 */
function relativeParts(
  graph: Graph,
  q: Value,
  block: Block,
  { top, height, reach, keyRows = reach }: Place,
): [Value, Value] {
  const { name, config } = block;
  const side = sideOf(config);
  const { width, heads } = config;
  const head = width / heads;
  const rows = graph.op('MatMul', [
    graph.reshape(q, [height, side * heads, head]),
    relativeTable(graph, `${name}.rel_pos_h`, block, { top, count: height, reach, keys: keyRows }),
  ]);
  const turned = graph.transpose(graph.reshape(q, [height, side, width]), [1, 0, 2]);
  const columns = graph.op('MatMul', [
    graph.reshape(turned, [side, height * heads, head]),
    relativeTable(graph, `${name}.rel_pos_w`, block, { top: 0, count: side, reach, keys: reach }),
  ]);
  return [rows, columns];
}

/**
 * Attention inside one row of windows, `height` image rows. Padding takes part with the keys and values of a token of
 * zeros: the biases. → [height · side, width].
 */
export function windowAttention(graph: Graph, { x, height }: Strip, block: Block): Value {
  const { name, config, linear } = block;
  const { width, heads, window } = config;
  const side = sideOf(config);
  const tokens = height * side;
  const cells = windowCells(height, side, window);

  const q = linear(graph, x, `${name}.qkv`, [0, width]);
  const zeros = graph.floats(new Array<number>(width).fill(0), [1, width]);
  const padded = graph.op('Concat', [x, zeros], { axis: { int: 0 } });
  const k = linear(graph, padded, `${name}.qkv`, [width, 2 * width]);
  const v = linear(graph, padded, `${name}.qkv`, [2 * width, 3 * width]);

  const [rows, columns] = relativeParts(graph, q, block, { top: 0, height, reach: window });
  const perToken = [tokens, heads * window];
  const parts = { rows: graph.reshape(rows, perToken), columns: graph.reshape(columns, perToken) };
  // What a padded cell asks is thrown away: it asks as token 0 does.
  const asking = cells.toWindows.map((row) => (row === tokens ? 0 : row));
  const squares = [cells.count, window * window, width];
  const answer = multiHead(
    graph,
    {
      query: graph.reshape(graph.gather(q, asking), squares),
      key: graph.reshape(graph.gather(k, cells.toWindows), squares),
      value: graph.reshape(graph.gather(v, cells.toWindows), squares),
      bias: windowBias(graph, parts, { asking, height }, config),
    },
    heads,
  );
  const inWindows = graph.reshape(answer, [cells.toWindows.length, width]);
  return linear(graph, graph.gather(inWindows, cells.toTokens), `${name}.proj`);
}

/** Row and column parts of the window cells `asking`, summed: [windows, heads, window², window²]. */
function windowBias(
  graph: Graph,
  parts: { rows: Value; columns: Value },
  { asking, height }: { asking: number[]; height: number },
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
  const columnFirst = asking.map((row) => (row % side) * height + Math.floor(row / side));
  const sum = graph.op('Add', [
    byHead(parts.rows, asking, [window, 1]),
    byHead(parts.columns, columnFirst, [1, window]),
  ]);
  return graph.reshape(sum, [windows, heads, perWindow, perWindow]);
}

/** No weight after softmax, and finite. */
const NEVER = -1e30;

/**
 * Attention of every token to every token; strips in, answers [height · side, width] out. One image row of keys that
 * never count is added: with 64² keys, a row of weights would be 16 KiB long, rows of them would share few lines of the
 * processor's first cache, and their product with the values takes a quarter longer (measured).
 */
export function globalAttention(graph: Graph, strips: Strip[], block: Block): Value[] {
  const { name, config, linear } = block;
  const { width, heads } = config;
  const side = sideOf(config);
  const head = width / heads;
  const project = (x: Value, part: number) =>
    linear(graph, x, `${name}.qkv`, [part * width, (part + 1) * width]);
  const paddingDims = [1, heads, side, head];
  const padding = graph.derived('no keys', paddingDims, () => new Float32Array(width * side));
  const ofAllStrips = (part: number) => {
    const projected = strips.map(({ x, height }) => {
      const split = graph.reshape(project(x, part), [1, height * side, heads, head]);
      return graph.transpose(split, [0, 2, 1, 3]);
    });
    return graph.op('Concat', [...projected, padding], { axis: { int: 2 } });
  };
  const [key, value] = [ofAllStrips(1), ofAllStrips(2)];
  const never = graph.floats([...new Array<number>(side).fill(0), NEVER]);
  return strips.map((strip) => {
    const q = project(strip.x, 0);
    const { height } = strip;
    const asked = height * side;
    const [rows, columns] = relativeParts(graph, q, block, {
      top: strip.top,
      height,
      reach: side,
      keyRows: side + 1,
    });
    const rowGrid = graph.reshape(rows, [height, side, heads, side + 1]);
    const rowsByHead = graph.transpose(graph.op('Add', [rowGrid, never]), [2, 0, 1, 3]);
    const columnGrid = graph.reshape(columns, [side, height, heads, side]);
    const columnsByHead = graph.transpose(columnGrid, [2, 1, 0, 3]);
    const sum = graph.op('Add', [
      graph.reshape(rowsByHead, [1, heads, asked, side + 1, 1]),
      graph.reshape(columnsByHead, [1, heads, asked, 1, side]),
    ]);
    const bias = graph.reshape(sum, [1, heads, asked, (side + 1) * side]);
    const query = graph.reshape(q, [1, asked, width]);
    const answer = multiHead(graph, { query, key, value, bias }, heads);
    return linear(graph, graph.reshape(answer, [asked, width]), `${name}.proj`);
  });
}
