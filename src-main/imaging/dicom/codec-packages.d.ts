declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  const load: unknown;
  export default load;
}
declare module '@cornerstonejs/codec-openjph/wasmjs' {
  const load: unknown;
  export default load;
}
declare module '@cornerstonejs/codec-charls/decodewasmjs' {
  const load: unknown;
  export default load;
}
declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  const load: unknown;
  export default load;
}
declare module 'jpeg-lossless-decoder-js' {
  export class Decoder {
    readonly frame: { dimX: number; dimY: number };
    readonly scan: { al: number };
    getPreviousX(component?: number): number;
    getPreviousY(component?: number): number;
    select7(component?: number): number;
    decode(
      buffer: ArrayBuffer,
      offset: number,
      length: number,
      bytesPerSample: 1 | 2,
    ): Uint8Array | Uint16Array;
  }
}
