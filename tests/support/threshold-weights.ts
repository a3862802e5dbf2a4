import type { CheckpointOptions } from './formula-checkpoint.ts';

/*
 * Weights that make a clear mask of a network of MedSAM's size, for pictures and times in the window: everything of a
 * slice that is brighter than a share of its brightest grey, whatever the box. Every product is computed as ever; most
 * are multiplied by zero at the end of their layer. With weights by formula alone masks are noise, which takes longer to
 * paint than any lesion.
 *
 * A token carries its patch's mean grey m and the constant 1. Normalisation over [m, −m, 1, −1, 0 …] keeps the quotient
 * of the two, so that m − t can be told after any number of them; GELU(x) − GELU(−x) = x.
 */

const inEveryBlock = (name: string) => /blocks\.\d+\.(attn\.proj|mlp\.lin2)\./.test(name);
const ofTransformer = (name: string) => /cross_attn_image_to_token\.out_proj\./.test(name);
const normalisation = (name: string) =>
  /image_encoder\.neck\.[13]\.|transformer\.layers\.\d\.norm4\.|output_upscaling\.1\./.test(name);

/** Weights of MedSAM's ViT-B, given to `writeFormulaCheckpoint` as `change`; `share` is of the brightest grey, 0 … 1. */
export function thresholdWeights(share: number): NonNullable<CheckpointOptions['change']> {
  const own: Record<string, (values: Float32Array) => void> = {
    'image_encoder.pos_embed': () => undefined,
    'image_encoder.patch_embed.proj.weight': (w) => w.fill(1 / 768, 0, 768),
    'image_encoder.patch_embed.proj.bias': (b) => (b[1] = 1),
    'image_encoder.neck.0.weight': (w) => {
      // [m, −m, 1, −1] from m and 1.
      for (const [to, value] of [1, -1, 1, -1].entries()) {
        w[to * 768 + Math.floor(to / 2)] = value;
      }
    },
    'image_encoder.neck.2.weight': (w) => {
      for (let channel = 0; channel < 256; channel += 1) w[channel * 257 * 9 + 4] = 1;
    },
    'prompt_encoder.no_mask_embed.weight': () => undefined,
    'mask_decoder.output_upscaling.0.bias': () => undefined,
    'mask_decoder.output_upscaling.0.weight': (w) => {
      for (let channel = 0; channel < 4; channel += 1)
        w.fill(1, channel * 65 * 4, channel * 65 * 4 + 4);
    },
    'mask_decoder.output_upscaling.3.bias': () => undefined,
    'mask_decoder.output_upscaling.3.weight': (w) => {
      // m − t and its opposite.
      for (const [from, value] of [1, -1, -share, share].entries()) {
        w.fill(value, from * 32 * 4, from * 32 * 4 + 4);
        w.fill(-value, from * 32 * 4 + 4, from * 32 * 4 + 8);
      }
    },
    'mask_decoder.output_hypernetworks_mlps.0.layers.2.weight': () => undefined,
    'mask_decoder.output_hypernetworks_mlps.0.layers.2.bias': (b) => b.set([1, -1]),
  };
  return (name, values) => {
    const zeros = new Float32Array(values.length);
    if (Object.hasOwn(own, name)) {
      own[name]!(zeros);
      return zeros;
    }
    if (normalisation(name)) return name.endsWith('.weight') ? zeros.fill(1) : zeros;
    return inEveryBlock(name) || ofTransformer(name) ? zeros : values;
  };
}
