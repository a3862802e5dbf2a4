import { byHead, multiHead } from './attention-heads.ts';
import type { Graph, Value } from './graph.ts';
import { runs, type Linear } from './layers.ts';
import { relativeBias } from './relative-positions.ts';
import { upTo, type Strip } from './strips.ts';
import type { VitConfig } from './types.ts';

/*
 * Attention of SAM's ViT, in windows or over the whole image. Tokens are rows, [n, width].
 *
 * Keys are made without their bias: it would add the same to all logits of a query, which softmax takes out again. Values
 * are made without theirs: weights after softmax add up to 1, so that every answer gets the whole of it, and the last
 * layer's bias takes it in. A padded token's key and value are those biases; here they are zeros.
 */

interface Block {
  /** For example `image_encoder.blocks.0.attn`. */
  name: string;
  config: VitConfig;
  linear: Linear;
}

const PARTS = ['queries', 'keys', 'values'] as const;

/** Queries, keys or values of some heads: [n, heads · head]. */
function project(
  graph: Graph,
  x: Value,
  { name, config, linear }: Block,
  {
    part,
    from = 0,
    to = config.heads,
  }: { part: (typeof PARTS)[number]; from?: number; to?: number },
): Value {
  const [first, head] = [PARTS.indexOf(part) * config.width, config.width / config.heads];
  const rows: [number, number] = [first + from * head, first + to * head];
  return linear(graph, x, `${name}.qkv`, rows, { bias: part === 'queries' });
}

/** The layer after attention, its bias with what the values' bias gives. */
function projectBack(graph: Graph, answer: Value, { name, config, linear }: Block): Value {
  const { width } = config;
  const bias = graph.derived(`${name}.proj.bias with the values'`, [width], () => {
    const read = (tensor: string) => graph.weights.source.tensor(`${name}.${tensor}`).read();
    const [weight, ofValues] = [read('proj.weight'), read('qkv.bias').subarray(2 * width)];
    return read('proj.bias').map((own, to) =>
      weight
        .subarray(to * width, (to + 1) * width)
        .reduce((sum, factor, from) => sum + factor * ofValues[from]!, own),
    );
  });
  return linear(graph, answer, `${name}.proj`, undefined, { bias });
}

/** Attention inside windows of one shape; where the border cuts them, padding takes part. */
export function windowAttention(graph: Graph, x: Value, strip: Strip, block: Block): Value {
  const { width, heads, window } = block.config;
  const { groups, height, width: columns, tokens } = strip;
  const perWindow = window * window;
  const padding = tokens.length;
  const cells = upTo(groups * perWindow).map((cell) => {
    const [group, within] = [Math.floor(cell / perWindow), cell % perWindow];
    const [row, column] = [Math.floor(within / window), within % window];
    return row < height && column < columns ? (group * height + row) * columns + column : padding;
  });
  const zeros = graph.floats(new Array<number>(width).fill(0), [1, width]);
  const padded = cells.includes(padding) ? graph.concat([x, zeros], 0) : x;
  const ofCells = (part: 'keys' | 'values') => {
    const projected = project(graph, padded, block, { part });
    return byHead(graph, projected, { rows: cells, groups, heads, n: width / heads });
  };
  const q = project(graph, x, block, { part: 'queries' });
  const answer = multiHead(
    graph,
    {
      query: graph.reshape(q, [groups, height * columns, width]),
      key: ofCells('keys'),
      value: ofCells('values'),
      bias: relativeBias(graph, block.name, { ...strip, q, top: 0, heads }, { reach: window }),
    },
    heads,
  );
  return projectBack(graph, graph.reshape(answer, [tokens.length, width]), block);
}

/** Heads at a time where attention is global, which bounds its logits with the rows of a strip. */
const GLOBAL_HEADS = 6;

/**
 * Attention of every token to every token; `xs` are those of strips of image rows, and so are the answers. One image row
 * of keys that never count is added: with 64² keys, a row of weights would be 16 KiB long, rows of them would share few
 * lines of the processor's first cache, and their product with the values takes a quarter longer (measured).
 */
export function globalAttention(graph: Graph, xs: Value[], strips: Strip[], block: Block): Value[] {
  const { width, heads: all, imagePx, patchPx } = block.config;
  const [side, head] = [imagePx / patchPx, width / all];
  const parts = runs(all, GLOBAL_HEADS).map((heads, at) => {
    const which = { from: at * GLOBAL_HEADS, to: at * GLOBAL_HEADS + heads };
    const padding = graph.derived(
      `no keys, ${heads}`,
      [1, heads, side, head],
      () => new Float32Array(heads * side * head),
    );
    const ofAll = (part: 'keys' | 'values') => {
      const ofStrips = xs.map((x, i) => {
        const rows = upTo(strips[i]!.tokens.length);
        const projected = project(graph, x, block, { part, ...which });
        return byHead(graph, projected, { rows, groups: 1, heads, n: head });
      });
      return graph.concat([...ofStrips, padding], 2);
    };
    return { heads, which, key: ofAll('keys'), value: ofAll('values') };
  });
  return xs.map((x, i) => {
    const strip = strips[i]!;
    const count = strip.tokens.length;
    const answers = parts.map(({ heads, which, key, value }) => {
      const q = project(graph, x, block, { part: 'queries', ...which });
      const asking = { ...strip, q, top: strip.tokens[0]! / side, heads };
      const bias = relativeBias(graph, block.name, asking, { reach: side, keyRows: side + 1 });
      const query = graph.reshape(q, [1, count, heads * head]);
      const answer = multiHead(graph, { query, key, value, bias }, heads);
      return graph.reshape(answer, [count, heads * head]);
    });
    return projectBack(graph, graph.concat(answers, 1), block);
  });
}
