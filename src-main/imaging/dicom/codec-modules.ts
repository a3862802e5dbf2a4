/** What the WebAssembly decoders have in common. Their packages come without typings. */
export interface FrameInfo {
  width: number;
  height: number;
  bitsPerSample: number;
  componentCount: number;
  /** Not told by JPEG-LS. */
  isSigned?: boolean;
}

export interface WasmDecoder {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): FrameInfo;
  /** JPEG-LS only: 0 components one after another, 1 by line, 2 by pixel. */
  getInterleaveMode?(): number;
  delete(): void;
}

type Factory = (options: object) => Promise<Record<string, new () => WasmDecoder>>;

/** The libraries would print warnings to the console; what matters comes back as an error. */
const quiet = { print: () => {}, printErr: () => {} };

const decoders = {
  'jpeg-2000': async () => {
    const { default: load } = await import('@cornerstonejs/codec-openjpeg/decodewasmjs');
    return (await (load as Factory)({ ...quiet })).J2KDecoder!;
  },
  htj2k: async () => {
    const { default: load } = await import('@cornerstonejs/codec-openjph/wasmjs');
    return (await (load as Factory)({ ...quiet })).HTJ2KDecoder!;
  },
  'jpeg-ls': async () => {
    const { default: load } = await import('@cornerstonejs/codec-charls/decodewasmjs');
    return (await (load as Factory)({ ...quiet })).JpegLSDecoder!;
  },
  jpeg: async () => {
    const { default: load } = await import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs');
    return (await (load as Factory)({ ...quiet })).JPEGDecoder!;
  },
};
export type WasmCodec = keyof typeof decoders;

const loaded = new Map<WasmCodec, Promise<new () => WasmDecoder>>();

/** The decoder class of a codec, loaded once and only when a file asks for it. */
export function wasmDecoder(codec: WasmCodec): Promise<new () => WasmDecoder> {
  let promise = loaded.get(codec);
  if (!promise) {
    promise = decoders[codec]();
    loaded.set(codec, promise);
  }
  return promise;
}
