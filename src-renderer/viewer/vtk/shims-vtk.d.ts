// Filters that come without typings; only what is used here.
interface VtkPolyFilter {
  setInputData(data: unknown): void;
  setInputConnection(port: unknown): void;
  getOutputPort(): unknown;
  getOutputData(): {
    getPoints(): { getData(): Float32Array };
    getPolys(): { getData(): Uint32Array };
    getPointData(): { getNormals(): { getData(): Float32Array } };
  };
  delete(): void;
}
declare module '@kitware/vtk.js/Filters/General/ImageMarchingCubes' {
  const filter: {
    newInstance(values: { contourValue: number; computeNormals: boolean; mergePoints: boolean }): VtkPolyFilter;
  };
  export default filter;
}
declare module '@kitware/vtk.js/Filters/General/WindowedSincPolyDataFilter' {
  const filter: {
    newInstance(values: {
      numberOfIterations: number;
      passBand: number;
      nonManifoldSmoothing: number;
      normalizeCoordinates: number;
    }): VtkPolyFilter;
  };
  export default filter;
}
declare module '@kitware/vtk.js/Filters/Core/PolyDataNormals' {
  const filter: { newInstance(): VtkPolyFilter };
  export default filter;
}
