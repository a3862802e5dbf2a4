import type { Graph, Value } from './graph.ts';
import { linear } from './layers.ts';
import type { DecoderConfig } from './types.ts';

/*
 * Attention between the few tokens of a box (t of them) and the many of the image (n), B boxes at once. Projections of
 * the image by a head's 16 columns are never made: (image·Wᵀ)·q is image·(Wᵀ·q), and t · heads columns are fewer than
 * the projection has. Columns of a matrix [.., heads · t] are head by head.
 *
 * The bias of the keys adds the same number to a query's logits of every key, which softmax takes away: it is left out
 * where the image is asked. That of the values passes through, since weights sum to 1.
 */

/** Names and sizes of one attention layer. */
export interface Attention {
  /** For example `mask_decoder.transformer.final_attn_token_to_image`. */
  name: string;
  config: DecoderConfig;
  tokens: number;
}

const innerOf = ({ width }: DecoderConfig) => width / 2;
const headOf = (config: DecoderConfig) => innerOf(config) / config.heads;
export const attentionScale = (config: DecoderConfig) => 1 / Math.sqrt(headOf(config));

/** A projection's weight [heads · head, width] as one matrix per head. */
function byHead(graph: Graph, name: string, { config }: Attention): Value {
  return graph.weight(`${name}.weight`, { dims: [config.heads, headOf(config), config.width] });
}

/** [B · t, inner] → [heads, B · t, head]. */
function headsFirst(graph: Graph, x: Value, { config }: Attention): Value {
  const split = graph.reshape(x, [-1, config.heads, headOf(config)]);
  return graph.transpose(split, [1, 0, 2]);
}

/** [heads, B · t, head] → [B · t, inner]. */
const headsLast = (graph: Graph, x: Value, { config }: Attention): Value =>
  graph.reshape(graph.transpose(x, [1, 0, 2]), [-1, innerOf(config)]);

/** [heads, B · t, width] → [B, heads · t, width]. */
function boxesFirst(graph: Graph, x: Value, { config, tokens }: Attention): Value {
  const split = graph.reshape(x, [config.heads, -1, tokens, config.width]);
  return graph.reshape(graph.transpose(split, [1, 0, 2, 3]), [
    -1,
    config.heads * tokens,
    config.width,
  ]);
}

const softmax = (graph: Graph, x: Value) => graph.op('Softmax', [x], { axis: { int: -1 } });

const scaledQueries = (graph: Graph, query: Value, attention: Attention) =>
  graph.op('Mul', [
    linear(graph, query, `${attention.name}.q_proj`),
    graph.floats([attentionScale(attention.config)]),
  ]);

/**
 * Tokens ask the image, whose projections are there already: keys [heads, head, n], values [heads, n, head].
 * `query` [B · t, width] → [B · t, width].
 */
export function askProjectedImage(
  graph: Graph,
  query: Value,
  image: { keys: Value; values: Value },
  attention: Attention,
): Value {
  const q = headsFirst(graph, scaledQueries(graph, query, attention), attention);
  const weights = softmax(graph, graph.op('MatMul', [q, image.keys]));
  const answer = graph.op('MatMul', [weights, image.values]);
  return linear(graph, headsLast(graph, answer, attention), `${attention.name}.out_proj`);
}

/**
 * Tokens ask the image [B, n, width], which is given with its positions added (for the keys) and without.
 * `query` [B · t, width] → [B · t, width].
 */
export function askImage(
  graph: Graph,
  query: Value,
  image: { positioned: Value; plain: Value },
  attention: Attention,
): Value {
  const { name, config, tokens } = attention;
  const { heads, width } = config;
  const q = headsFirst(graph, scaledQueries(graph, query, attention), attention);
  const asked = boxesFirst(
    graph,
    graph.op('MatMul', [q, byHead(graph, `${name}.k_proj`, attention)]),
    attention,
  );
  const logits = graph.op(
    'FusedMatMul',
    [asked, image.positioned],
    { transB: { int: 1 } },
    'com.microsoft',
  );
  const seen = graph.op('MatMul', [softmax(graph, logits), image.plain]);
  const perHead = graph.reshape(
    graph.transpose(graph.reshape(seen, [-1, heads, tokens, width]), [1, 0, 2, 3]),
    [heads, -1, width],
  );
  const values = graph.transpose(byHead(graph, `${name}.v_proj`, attention), [0, 2, 1]);
  const answer = headsLast(graph, graph.op('MatMul', [perHead, values]), attention);
  const whole = graph.op('Add', [answer, graph.weight(`${name}.v_proj.bias`)]);
  return linear(graph, whole, `${name}.out_proj`);
}

/** What the image takes from the tokens: [B, heads · t, width], of which weights that sum to `heads` make the answer. */
function offers(graph: Graph, value: Value, attention: Attention): Value {
  const { name, config } = attention;
  const v = headsFirst(graph, linear(graph, value, `${name}.v_proj`), attention);
  const out = graph.reshape(graph.transpose(graph.weight(`${name}.out_proj.weight`), [1, 0]), [
    config.heads,
    headOf(config),
    config.width,
  ]);
  const each = boxesFirst(graph, graph.op('MatMul', [v, out]), attention);
  const share = graph.op('Div', [
    graph.weight(`${name}.out_proj.bias`),
    graph.floats([config.heads]),
  ]);
  return graph.op('Add', [each, share]);
}

/** Logits [B, n, heads · t] → what each image token takes, [B, n, width]. */
function take(graph: Graph, logits: Value, value: Value, attention: Attention): Value {
  const { config, tokens } = attention;
  const split = graph.reshape(logits, [0, -1, config.heads, tokens]);
  const weights = graph.reshape(softmax(graph, split), [0, -1, config.heads * tokens]);
  return graph.op('MatMul', [weights, offers(graph, value, attention)]);
}

/**
 * The image asks the tokens, with its queries there already: [n, inner], scaled. `key` and `value` are [B · t, width].
 */
export function projectedImageAsks(
  graph: Graph,
  queries: Value,
  { key, value }: { key: Value; value: Value },
  attention: Attention,
): Value {
  const { name, config, tokens } = attention;
  const inner = innerOf(config);
  const k = graph.reshape(linear(graph, key, `${name}.k_proj`), [-1, tokens, inner]);
  const columns = graph.reshape(graph.transpose(k, [0, 2, 1]), [-1, inner, 1, tokens]);
  // Each head sees its own part of the keys only.
  const own = Array.from({ length: inner * config.heads }, (_, at) =>
    Math.floor(Math.floor(at / config.heads) / headOf(config)) === at % config.heads ? 1 : 0,
  );
  const spread = graph.op('Mul', [columns, graph.floats(own, [inner, config.heads, 1])]);
  const logits = graph.op('MatMul', [
    queries,
    graph.reshape(spread, [-1, inner, config.heads * tokens]),
  ]);
  return take(graph, logits, value, attention);
}

/** The image [B, n, width], with its positions added, asks the tokens: `key` and `value` are [B · t, width]. */
export function imageAsks(
  graph: Graph,
  positioned: Value,
  { key, value }: { key: Value; value: Value },
  attention: Attention,
): Value {
  const { name, config, tokens } = attention;
  const k = headsFirst(
    graph,
    graph.op('Mul', [linear(graph, key, `${name}.k_proj`), graph.floats([attentionScale(config)])]),
    attention,
  );
  const asked = boxesFirst(
    graph,
    graph.op('MatMul', [k, byHead(graph, `${name}.q_proj`, attention)]),
    attention,
  );
  const products = graph.op(
    'FusedMatMul',
    [positioned, asked],
    { transB: { int: 1 } },
    'com.microsoft',
  );
  // The bias of the queries against each key: [heads, B · t, 1] → [B, 1, heads · t].
  const bias = graph.weight(`${name}.q_proj.bias`, { dims: [config.heads, headOf(config), 1] });
  const constant = graph.reshape(graph.op('MatMul', [k, bias]), [config.heads, -1, tokens]);
  const row = graph.reshape(graph.transpose(constant, [1, 0, 2]), [-1, 1, config.heads * tokens]);
  return take(graph, graph.op('Add', [products, row]), value, attention);
}
