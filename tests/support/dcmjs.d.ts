declare module 'dcmjs' {
  const dcmjs: {
    data: {
      DicomDict: new (meta: Record<string, { vr: string; Value: unknown[] }>) => {
        dict: unknown;
        write(): ArrayBuffer;
      };
      DicomMetaDictionary: { denaturalizeDataset(dataset: Record<string, unknown>): unknown };
    };
  };
  export default dcmjs;
}
