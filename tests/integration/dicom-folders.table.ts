/**
 * What every folder of the DICOM pack must give: its series in order, and each file that is left
 * out. Values (range, mean of all voxels after rescaling, RGB after conversion) were compared file by
 * file with pydicom and dcmtk (`dcmdjpeg`, `dcmdjpls`); spacings and gaps with numpy on the positions.
 * `spacingMm` null: the file gives none. `uid` is the end of the series' identity.
 */
export interface SeriesTruth {
  uid: string;
  modality: string;
  kind: 'volume' | 'stack' | 'image';
  size: [number, number, number];
  spacingMm: [number, number, number] | null;
  measurable: boolean;
  files: number;
  type: string;
  range: [number, number];
  mean: number;
  issues: string[];
}

export interface FolderTruth {
  series: SeriesTruth[];
  /** Reason → files, also for notes (an index, a repeated image). */
  refused: Record<string, string[]>;
  /** Files that do not look like DICOM by their first bytes. */
  notDicom: string[];
}

// prettier-ignore
export const dicomFolders: Record<string, FolderTruth> = {
  'broken-raster-and-pointers': {
    series: [],
    refused: {},
    notDicom: ['corrupt_TCGA_CS_4943_20000902_15.tif', 'corrupt_TCGA_CS_4943_20000902_15_mask.tif', 'lfs_pointer_TCGA_CS_4941_19960909_1.tif'],
  },
  'cornerstone-same-ct-all-syntaxes': {
    series: [
      { uid: '562673.14401', modality: 'CT', kind: 'volume', size: [512, 512, 2], spacingMm: [0.3887, 0.3887, 10], measurable: true, files: 1, type: 'int16', range: [-14, 1199], mean: 379.0417, issues: ['lossy-compressed'] },
      { uid: '03030545.3.0', modality: 'US', kind: 'image', size: [800, 600, 1], spacingMm: [0.3305, 0.3305, 1], measurable: true, files: 1, type: 'uint8×3', range: [0, 255], mean: 5.8325, issues: ['palette-expanded'] },
      { uid: '6185059.5457', modality: 'CT', kind: 'image', size: [512, 512, 1], spacingMm: [0.6615, 0.6615, 5], measurable: true, files: 1, type: 'int16', range: [-3024, 1254], mean: -871.3037, issues: ['single-slice'] },
      { uid: '78668949.890', modality: 'CT', kind: 'stack', size: [512, 512, 4], spacingMm: [0.6758, 0.6758, 5], measurable: true, files: 4, type: 'float32', range: [-3052.8787, 1378], mean: -949.3168, issues: ['slices-refused', 'duplicate-instances-ignored', 'mixed-formats-split', 'one-position-stack', 'lossy-compressed', 'rescale-varies'] },
      { uid: '668949.890#2', modality: 'CT', kind: 'image', size: [512, 512, 1], spacingMm: [0.6758, 0.6758, 5], measurable: true, files: 1, type: 'float32', range: [-3083.3521, 1349.4288], mean: -967.867, issues: ['slices-refused', 'duplicate-instances-ignored', 'mixed-formats-split', 'single-slice', 'lossy-compressed'] },
      { uid: '6185059.5457', modality: 'CT', kind: 'image', size: [512, 512, 1], spacingMm: [0.468, 0.468, 10], measurable: true, files: 1, type: 'int16', range: [-2048, 1433], mean: -754.2929, issues: ['single-slice'] },
    ],
    refused: {
      'duplicate-instances-ignored': [
        'CTImage.dcm_DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99.dcm',
        'CTImage.dcm_JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90.dcm',
        'CTImage.dcm_JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80.dcm',
        'CTImage.dcm_JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70.dcm', 'CTImage.dcm_JPEGProcess14TransferSyntax_1.2.840.10008.1.2.4.57.dcm',
        'CTImage.dcm_LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1.dcm', 'CTImage.dcm_RLELosslessTransferSyntax_1.2.840.10008.1.2.5.dcm',
      ],
      'unsupported-transfer-syntax': ['CTImage.dcm_JPEGProcess10_12TransferSyntax_1.2.840.10008.1.2.4.55.dcm', 'CTImage.dcm_JPEGProcess6_8TransferSyntax_1.2.840.10008.1.2.4.53.dcm'],
      'unsupported-object': ['no-pixel-data.dcm'],
    },
    notDicom: [],
  },
  'ct-gantry-tilt-ge-28files': {
    series: [
      // 14 slices 4 mm apart through the skull base, 14 slices 7 mm apart above; each block sheared upright.
      { uid: '150714813892', modality: 'CT', kind: 'volume', size: [512, 548, 14], spacingMm: [0.4883, 0.4883, 4.0019], measurable: true, files: 14, type: 'int16', range: [-1500, 2120], mean: -666.6486, issues: ['mixed-spacings-split', 'gantry-tilt-corrected'] },
      { uid: '0714813892#2', modality: 'CT', kind: 'volume', size: [512, 575, 14], spacingMm: [0.4883, 0.4883, 6.9986], measurable: true, files: 14, type: 'int16', range: [-1500, 1755], mean: -801.3721, issues: ['mixed-spacings-split', 'gantry-tilt-corrected'] },
    ],
    refused: {},
    notDicom: [],
  },
  'ct-series-totalsegmentator-20slices': {
    series: [
      { uid: '0af4168c8677', modality: 'CT', kind: 'volume', size: [512, 512, 20], spacingMm: [0.9766, 0.9766, 2], measurable: true, files: 20, type: 'int16', range: [-1024, 1839], mean: -624.1259, issues: ['blank-uid', 'slice-thickness-differs'] },
    ],
    refused: {},
    notDicom: ['example_seg_dicom.nii.gz'],
  },
  'dcmjs-test-files': {
    series: [
      { uid: '.11585.10631', modality: 'OP', kind: 'image', size: [1536, 1536, 1], spacingMm: [0.0058, 0.0058, 1], measurable: true, files: 1, type: 'uint8', range: [7, 255], mean: 94.0072, issues: [] },
      { uid: '657848275436', modality: 'MR', kind: 'image', size: [512, 512, 1], spacingMm: [0.4883, 0.4883, 8], measurable: true, files: 1, type: 'int16', range: [0, 350], mean: 16.4023, issues: ['single-slice', 'lossy-compressed'] },
      { uid: '021610793828', modality: 'MR', kind: 'volume', size: [256, 256, 8], spacingMm: [1, 1, 1.3], measurable: true, files: 1, type: 'int16', range: [0, 158], mean: 40.5288, issues: ['duplicate-instances-ignored'] },
    ],
    refused: {
      'unsupported-object': ['QIICR_Test3/tumor_User1_Manual_Trial1.dcm', 'sample-sr.dcm', 'structured_report.dcm'],
      'duplicate-instances-ignored': ['invalid-vr-length-test.dcm'],
      'not-an-image': ['no-meta-length-test.dcm'],
    },
    notDicom: [],
  },
  'dcmqi-ct3slice-and-seg': {
    series: [
      { uid: '902700569139', modality: 'CT', kind: 'volume', size: [24, 38, 3], spacingMm: [0.7, 0.7, 2.5], measurable: true, files: 3, type: 'int16', range: [0, 1], mean: 0.1151, issues: [] },
      { uid: '.3.3456.3456', modality: 'CT', kind: 'volume', size: [24, 38, 3], spacingMm: [0.7, 0.7, 2.5], measurable: true, files: 1, type: 'int16', range: [0, 1], mean: 0.1151, issues: [] },
      { uid: '069050794718', modality: 'CT', kind: 'volume', size: [23, 38, 3], spacingMm: [0.7, 0.7, 2.5], measurable: true, files: 3, type: 'int16', range: [0, 1], mean: 0.1182, issues: [] },
      { uid: '.3.3456.3456', modality: 'CT', kind: 'volume', size: [23, 38, 3], spacingMm: [0.7, 0.7, 2.5], measurable: true, files: 1, type: 'int16', range: [0, 1], mean: 0.1182, issues: [] },
      { uid: '3.10.23430.1', modality: 'CT', kind: 'volume', size: [512, 512, 3], spacingMm: [0.8105, 0.8105, 1], measurable: true, files: 3, type: 'int16', range: [-3024, 1381], mean: -954.8836, issues: ['slice-thickness-differs'] },
    ],
    refused: {
      'unsupported-object': [
        '23x38x3/seg/label.seg', '24x38x3/seg/label.seg', 'liver.dcm', 'partial_overlaps.dcm', 'sparse-labelmap-noppv.dcm',
        'sparse-labelmap-ppv5.dcm',
      ],
    },
    notDicom: ['23x38x3/nrrd/label.nrrd', '23x38x3/screenshots/brainlab.jpg', '23x38x3/screenshots/slicer.png', '24x38x3/nrrd/label.nrrd', '24x38x3/screenshots/brainlab.jpg', '24x38x3/screenshots/slicer.png', 'heart_seg.nrrd', 'liver_seg.nrrd', 'liver_spine_gapped_seg.nrrd', 'liver_spine_seg.nrrd', 'partial_overlaps-1.nrrd', 'partial_overlaps-2.nrrd', 'partial_overlaps-3.nrrd', 'sparse_labelmap_noppv_seg.nrrd', 'sparse_labelmap_ppv5_seg.nrrd', 'spine_seg.nrrd', 'spine_seg_label5.nrrd'],
  },
  'dcmqi-sr-and-paramap': {
    series: [
      { uid: '526297576821', modality: 'MR', kind: 'image', size: [256, 256, 1], spacingMm: [0.7031, 0.7031, 3], measurable: true, files: 1, type: 'int16', range: [0, 4095], mean: 456.1279, issues: ['single-slice'] },
    ],
    refused: {
      'unsupported-object': ['sr-example/rwvm.dcm', 'sr-example/seg.dcm', 'sr-example/sr.dcm'],
    },
    notDicom: [],
  },
  'dicompyler-ct-rtstruct-rtplan': {
    series: [
      { uid: '241703565.43', modality: 'CT', kind: 'image', size: [512, 512, 1], spacingMm: [1.0742, 1.0742, 3], measurable: true, files: 1, type: 'int16', range: [-1000, 1457], mean: -802.973, issues: ['single-slice'] },
    ],
    refused: {
      'unsupported-object': ['rtplan.dcm', 'rtss.dcm'],
    },
    notDicom: [],
  },
  'dwv-baby-mr-5slices-and-dicomdir': {
    series: [
      { uid: '355135.0.0.0', modality: 'MR', kind: 'volume', size: [256, 256, 6], spacingMm: [1, 1, 9], measurable: true, files: 6, type: 'int16', range: [0, 1398], mean: 150.2824, issues: ['gaps-between-slices'] },
    ],
    refused: {
      'dicomdir-used-as-index': ['DICOMDIR', 'bbmri.dcmdir'],
    },
    notDicom: ['bbmri.zip', 'dwv-test_bad.zip'],
  },
  'highdicom-seg-sm-sr': {
    series: [
      { uid: '444280009133', modality: 'DX', kind: 'image', size: [211, 169, 1], spacingMm: [1.2012, 1.2, 1], measurable: false, files: 1, type: 'uint8', range: [0, 250], mean: 89.1651, issues: ['spacing-from-imager', 'monochrome1-inverted'] },
      { uid: '072730.12322', modality: 'CT', kind: 'image', size: [128, 128, 1], spacingMm: [0.6615, 0.6615, 5], measurable: true, files: 1, type: 'int16', range: [-896, 1167], mean: -119.0739, issues: ['single-slice'] },
    ],
    refused: {
      'unsupported-object': [
        'seg_image_cr_binary.dcm', 'seg_image_ct_binary.dcm', 'seg_image_ct_binary_fractional.dcm', 'seg_image_ct_binary_overlap.dcm',
        'seg_image_ct_binary_single_frame.dcm', 'seg_image_ct_true_fractional.dcm', 'seg_image_sm_control.dcm', 'seg_image_sm_control_labelmap.dcm',
        'seg_image_sm_control_labelmap_palette_color.dcm', 'seg_image_sm_dots.dcm', 'seg_image_sm_dots_tiled_full.dcm', 'seg_image_sm_numbers.dcm',
        'sm_annotations.dcm', 'sm_image.dcm', 'sm_image_control.dcm', 'sm_image_dots.dcm', 'sm_image_grayscale.dcm',
        'sm_image_grayscale_reversed.dcm', 'sm_image_jpegls.dcm', 'sm_image_jpegls_nobot.dcm', 'sm_image_numbers.dcm', 'sr_document.dcm',
        'sr_document_with_multiple_groups.dcm',
      ],
    },
    notDicom: [],
  },
  'mr-brain-t1post-22slices': {
    series: [
      { uid: '886578505670', modality: 'MR', kind: 'volume', size: [512, 512, 22], spacingMm: [0.4297, 0.4297, 6.5], measurable: true, files: 22, type: 'int16', range: [0, 9774], mean: 977.0024, issues: ['slice-thickness-differs'] },
    ],
    refused: {},
    notDicom: [],
  },
  'mr-t1-missing-slices-13of16': {
    series: [
      { uid: '326823367652', modality: 'MR', kind: 'stack', size: [274, 384, 13], spacingMm: [0.7, 0.6667, 0.6667], measurable: false, files: 13, type: 'int16', range: [0, 238], mean: 10.3965, issues: ['missing-slices'] },
    ],
    refused: {},
    notDicom: [],
  },
  'pydicom-charset-files': {
    series: [
      { uid: '75771.5702.0', modality: 'OT', kind: 'image', size: [32, 32, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8', range: [0, 255], mean: 138.4424, issues: ['no-pixel-spacing'] },
      { uid: '75771.5705.0', modality: 'OT', kind: 'image', size: [32, 32, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8', range: [0, 255], mean: 138.4424, issues: ['no-pixel-spacing'] },
      { uid: '75771.5708.0', modality: 'OT', kind: 'image', size: [32, 32, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8', range: [0, 255], mean: 138.4424, issues: ['no-pixel-spacing'] },
      { uid: '75772.5726.0', modality: 'OT', kind: 'image', size: [32, 32, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8', range: [0, 255], mean: 138.4424, issues: ['no-pixel-spacing'] },
      { uid: '75772.5720.0', modality: 'OT', kind: 'image', size: [32, 32, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8', range: [0, 255], mean: 138.4424, issues: ['duplicate-instances-ignored', 'no-pixel-spacing'] },
      { uid: '75772.5723.0', modality: 'OT', kind: 'image', size: [32, 32, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8', range: [0, 255], mean: 138.4424, issues: ['no-pixel-spacing'] },
      { uid: '75772.5717.0', modality: 'OT', kind: 'image', size: [32, 32, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8', range: [0, 255], mean: 138.4424, issues: ['no-pixel-spacing'] },
      { uid: '75772.5732.0', modality: 'OT', kind: 'image', size: [32, 32, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8', range: [0, 255], mean: 138.4424, issues: ['no-pixel-spacing'] },
      { uid: '75772.5729.0', modality: 'OT', kind: 'image', size: [32, 32, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8', range: [0, 255], mean: 138.4424, issues: ['no-pixel-spacing'] },
      { uid: '75771.5711.0', modality: 'OT', kind: 'image', size: [32, 32, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8', range: [0, 255], mean: 138.4424, issues: ['no-pixel-spacing'] },
      { uid: '75771.5714.0', modality: 'OT', kind: 'image', size: [32, 32, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8', range: [0, 255], mean: 138.4424, issues: ['no-pixel-spacing'] },
    ],
    refused: {
      'duplicate-instances-ignored': ['chrFrenMulti.dcm'],
      'no-pixel-data': ['chrJapMulti.dcm', 'chrJapMultiExplicitIR6.dcm', 'chrKoreanMulti.dcm'],
      'not-an-image': ['chrSQEncoding.dcm', 'chrSQEncoding1.dcm'],
    },
    notDicom: [],
  },
  'pydicom-data-enhanced-and-compressed': {
    series: [
      { uid: '4a6d8cf95e15', modality: '', kind: 'stack', size: [256, 256, 4], spacingMm: null, measurable: false, files: 4, type: 'uint8×3', range: [0, 255], mean: 146.9747, issues: ['blank-uid', 'mixed-sizes-split', 'no-pixel-spacing', 'lossy-compressed'] },
      { uid: '6d8cf95e15#2', modality: '', kind: 'stack', size: [640, 480, 2], spacingMm: null, measurable: false, files: 2, type: 'uint8×3', range: [0, 255], mean: 127.1032, issues: ['blank-uid', 'mixed-sizes-split', 'no-pixel-spacing', 'lossy-compressed'] },
      { uid: '6d8cf95e15#3', modality: '', kind: 'image', size: [128, 128, 1], spacingMm: null, measurable: false, files: 1, type: 'int16', range: [-16384, 16383], mean: -4043.624, issues: ['blank-uid', 'mixed-sizes-split', 'no-pixel-spacing'] },
      { uid: '6d8cf95e15#4', modality: '', kind: 'image', size: [128, 128, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8', range: [0, 127], mean: 47.3317, issues: ['blank-uid', 'mixed-sizes-split', 'no-pixel-spacing'] },
      { uid: '992152438492', modality: 'MR', kind: 'stack', size: [64, 64, 10], spacingMm: null, measurable: false, files: 1, type: 'int16', range: [0, 467], mean: 109.6991, issues: ['duplicate-instances-ignored', 'no-pixel-spacing', 'no-position'] },
      { uid: '562673.14401', modality: 'CT', kind: 'volume', size: [512, 512, 2], spacingMm: [0.3887, 0.3887, 10], measurable: true, files: 1, type: 'int16', range: [-1024, 172], mean: -643.9619, issues: [] },
      { uid: '25182826.1.0', modality: 'US', kind: 'stack', size: [800, 600, 2], spacingMm: [0.2623, 0.2623, 1], measurable: true, files: 1, type: 'uint8×3', range: [0, 255], mean: 28.1116, issues: ['palette-expanded'] },
      { uid: '182826.1.0#2', modality: 'US', kind: 'image', size: [800, 600, 1], spacingMm: [0.2623, 0.2623, 1], measurable: true, files: 1, type: 'uint8×3', range: [0, 255], mean: 12.4433, issues: ['palette-expanded'] },
      { uid: '6185059.5457', modality: 'US', kind: 'image', size: [640, 480, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8×3', range: [0, 255], mean: 34.6906, issues: ['no-pixel-spacing', 'lossy-compressed', 'ybr-converted'] },
      { uid: '6185059.5457', modality: 'NM', kind: 'image', size: [256, 1024, 1], spacingMm: [2.26, 2.26, 1], measurable: true, files: 1, type: 'int16', range: [0, 278], mean: 13.7194, issues: [] },
      { uid: '105.112000.2', modality: 'US', kind: 'stack', size: [256, 120, 2], spacingMm: null, measurable: false, files: 2, type: 'uint8×3', range: [16, 248], mean: 42.6622, issues: ['no-pixel-spacing'] },
      { uid: '9999.9.1.5.2', modality: 'OT', kind: 'image', size: [640, 480, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8×3', range: [0, 255], mean: 99.9932, issues: ['no-pixel-spacing', 'palette-expanded'] },
      { uid: '3419.1802493', modality: 'CT', kind: 'image', size: [512, 512, 1], spacingMm: [0.4785, 0.4785, 5], measurable: true, files: 1, type: 'int16', range: [-3024, 1468], mean: -1035.563, issues: ['single-slice'] },
      { uid: '494220853584', modality: 'US', kind: 'image', size: [1024, 768, 1], spacingMm: [0.2548, 0.2548, 1], measurable: true, files: 1, type: 'uint8', range: [0, 255], mean: 17.2578, issues: [] },
      { uid: '502397121062', modality: 'OT', kind: 'stack', size: [100, 100, 2], spacingMm: [1, 1, 1], measurable: true, files: 1, type: 'uint8×3', range: [0, 255], mean: 127.5, issues: ['mixed-formats-split'] },
      { uid: '2397121062#2', modality: 'OT', kind: 'image', size: [100, 100, 1], spacingMm: [1, 1, 1], measurable: true, files: 1, type: 'uint8×3', range: [0, 255], mean: 127.7333, issues: ['mixed-formats-split', 'lossy-compressed', 'ybr-converted'] },
      { uid: '707551399667', modality: 'CT', kind: 'image', size: [512, 512, 1], spacingMm: [0.8594, 0.8594, 1], measurable: true, files: 1, type: 'int16', range: [-1024, 1186], mean: -670.9574, issues: ['single-slice'] },
      { uid: '10.3.200.2.4', modality: 'OT', kind: 'image', size: [512, 512, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8', range: [0, 255], mean: 128.83, issues: ['no-pixel-spacing'] },
      { uid: '88618e7d4d7b', modality: 'CT', kind: 'image', size: [512, 512, 1], spacingMm: [0.2871, 0.2871, 1], measurable: true, files: 1, type: 'int16', range: [-1011, 1243], mean: -76.6256, issues: ['single-slice'] },
    ],
    refused: {
      'duplicate-instances-ignored': [
        'emri_small_RLE.dcm', 'emri_small_big_endian.dcm', 'emri_small_jpeg_2k_lossless.dcm', 'emri_small_jpeg_2k_lossless_too_short.dcm',
        'emri_small_jpeg_ls_lossless.dcm',
      ],
      'unsupported-object': [
        'liver_deflate.dcm', 'liver_expb.dcm', 'liver_j2k.dcm', 'liver_nonbyte_aligned.dcm', 'liver_nonbyte_aligned_deflate.dcm',
        'liver_nonbyte_aligned_j2k.dcm', 'liver_nonbyte_aligned_rle.dcm', 'liver_rle.dcm', 'parametric_map_double_float.dcm',
        'parametric_map_float.dcm',
      ],
    },
    notDicom: [],
  },
  'pydicom-dicomdir-filesets': {
    series: [
      { uid: '51.28319.0.2', modality: 'CT', kind: 'stack', size: [16, 16, 4], spacingMm: [0.4883, 0.4883, 1.25], measurable: false, files: 4, type: 'int16', range: [-981, 1489], mean: 557.8467, issues: ['missing-slices'] },
      { uid: '14.5534.0.10', modality: 'CR', kind: 'image', size: [16, 16, 1], spacingMm: [0.1, 0.1, 1], measurable: false, files: 1, type: 'float32', range: [1084.412, 1637.084], mean: 1274.7056, issues: ['spacing-from-imager', 'monochrome1-inverted'] },
      { uid: '414.5534.0.6', modality: 'CR', kind: 'image', size: [16, 16, 1], spacingMm: [0.1, 0.1, 1], measurable: false, files: 1, type: 'float32', range: [1723.2679, 2179.4961], mean: 1932.3556, issues: ['spacing-from-imager', 'monochrome1-inverted'] },
      { uid: '414.5534.0.8', modality: 'CR', kind: 'image', size: [16, 16, 1], spacingMm: [0.1, 0.1, 1], measurable: false, files: 1, type: 'float32', range: [1061.156, 1578.944], mean: 1362.7279, issues: ['spacing-from-imager', 'monochrome1-inverted'] },
      { uid: '04.16302.0.2', modality: 'CT', kind: 'image', size: [16, 16, 1], spacingMm: [0.5968, 0.5455, 650.1818], measurable: true, files: 1, type: 'int16', range: [218, 292], mean: 266.4883, issues: ['mixed-orientations-split', 'single-slice'] },
      { uid: '.16302.0.2#2', modality: 'CT', kind: 'image', size: [16, 16, 1], spacingMm: [0.5968, 0.5455, 650.1818], measurable: true, files: 1, type: 'int16', range: [65, 243], mean: 120.6484, issues: ['mixed-orientations-split', 'single-slice'] },
      { uid: '04.16302.0.6', modality: 'CT', kind: 'volume', size: [16, 16, 5], spacingMm: [0.4883, 0.4883, 2.5], measurable: true, files: 5, type: 'int16', range: [-888, 85], mean: -138.5313, issues: [] },
      { uid: '5.18148.0.15', modality: 'MR', kind: 'image', size: [16, 16, 1], spacingMm: [1.3672, 1.3672, 10], measurable: true, files: 1, type: 'int16', range: [280, 800], mean: 609.9336, issues: ['single-slice'] },
      { uid: '.18148.0.134', modality: 'MR', kind: 'image', size: [16, 16, 1], spacingMm: [1.3672, 1.3672, 10], measurable: true, files: 1, type: 'int16', range: [442, 826], mean: 715.7852, issues: ['single-slice'] },
      { uid: '.18148.0.475', modality: 'MR', kind: 'image', size: [16, 16, 1], spacingMm: [1.3672, 1.3672, 10], measurable: true, files: 1, type: 'int16', range: [224, 840], mean: 549.7266, issues: ['single-slice'] },
      { uid: '5.18148.0.17', modality: 'MR', kind: 'image', size: [16, 16, 1], spacingMm: [1.1719, 1.1719, 10], measurable: true, files: 1, type: 'int16', range: [429, 729], mean: 610.8594, issues: ['mixed-orientations-split', 'single-slice'] },
      { uid: '18148.0.17#2', modality: 'MR', kind: 'image', size: [16, 16, 1], spacingMm: [1.1719, 1.1719, 10], measurable: true, files: 1, type: 'int16', range: [414, 685], mean: 583.0977, issues: ['mixed-orientations-split', 'single-slice'] },
      { uid: '18148.0.17#3', modality: 'MR', kind: 'image', size: [16, 16, 1], spacingMm: [1.1719, 1.1719, 10], measurable: true, files: 1, type: 'int16', range: [427, 692], mean: 631.9961, issues: ['mixed-orientations-split', 'single-slice'] },
      { uid: '.18148.0.136', modality: 'MR', kind: 'image', size: [16, 16, 1], spacingMm: [1.1719, 1.1719, 10], measurable: true, files: 1, type: 'int16', range: [405, 742], mean: 670.6953, issues: ['mixed-orientations-split', 'single-slice'] },
      { uid: '8148.0.136#2', modality: 'MR', kind: 'image', size: [16, 16, 1], spacingMm: [1.1719, 1.1719, 10], measurable: true, files: 1, type: 'int16', range: [403, 846], mean: 646.6719, issues: ['mixed-orientations-split', 'single-slice'] },
      { uid: '8148.0.136#3', modality: 'MR', kind: 'image', size: [16, 16, 1], spacingMm: [1.1719, 1.1719, 10], measurable: true, files: 1, type: 'int16', range: [509, 755], mean: 693.9102, issues: ['mixed-orientations-split', 'single-slice'] },
      { uid: '.18148.0.481', modality: 'MR', kind: 'image', size: [16, 16, 1], spacingMm: [1.3672, 1.3672, 10], measurable: true, files: 1, type: 'int16', range: [79, 358], mean: 233.7148, issues: ['single-slice'] },
      { uid: '.18148.0.118', modality: 'MR', kind: 'stack', size: [16, 16, 7], spacingMm: [0.3906, 0.3906, 1], measurable: false, files: 7, type: 'int16', range: [0, 339], mean: 67.8956, issues: ['mixed-orientations'] },
    ],
    refused: {
      'dicomdir-used-as-index': [
        'DICOMDIR', 'DICOMDIR-bigEnd', 'DICOMDIR-empty.dcm', 'DICOMDIR-implicit', 'DICOMDIR-nooffset', 'DICOMDIR-nopatient', 'DICOMDIR-reordered',
      ],
    },
    notDicom: [],
  },
  'pydicom-test-files': {
    series: [
      { uid: '647647328339', modality: 'OT', kind: 'image', size: [256, 256, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8×3', range: [134, 252], mean: 243.9716, issues: ['duplicate-instances-ignored', 'no-pixel-spacing'] },
      { uid: 'bf6e186fecdc', modality: '', kind: 'stack', size: [100, 100, 2], spacingMm: null, measurable: false, files: 2, type: 'uint8×3', range: [0, 255], mean: 128, issues: ['blank-uid', 'mixed-sizes-split', 'no-pixel-spacing', 'lossy-compressed'] },
      { uid: '6e186fecdc#2', modality: '', kind: 'image', size: [10, 50, 1], spacingMm: null, measurable: false, files: 1, type: 'uint16', range: [0, 65535], mean: 12014.5, issues: ['blank-uid', 'mixed-sizes-split', 'no-pixel-spacing', 'lossy-compressed'] },
      { uid: '6e186fecdc#3', modality: '', kind: 'image', size: [10, 45, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8', range: [0, 255], mean: 55.5556, issues: ['blank-uid', 'mixed-sizes-split', 'no-pixel-spacing', 'lossy-compressed'] },
      { uid: '14566.150779', modality: '', kind: 'image', size: [256, 256, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8×3', range: [134, 252], mean: 243.9716, issues: ['no-pixel-spacing', 'lossy-compressed'] },
      { uid: '601908007359', modality: '', kind: 'image', size: [256, 256, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8×3', range: [165, 255], mean: 245.636, issues: ['no-pixel-spacing', 'lossy-compressed'] },
      { uid: '67310.6001.0', modality: 'OT', kind: 'image', size: [512, 512, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8', range: [0, 255], mean: 127.116, issues: ['no-pixel-spacing'] },
      { uid: '825160119849', modality: '', kind: 'image', size: [400, 400, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8×3', range: [0, 255], mean: 124.4359, issues: ['no-pixel-spacing', 'ybr-converted'] },
      { uid: '059300000190', modality: 'MR', kind: 'image', size: [484, 300, 1], spacingMm: [0.7231, 0.7231, 4], measurable: true, files: 1, type: 'int16', range: [0, 1123], mean: 191.6877, issues: ['single-slice'] },
      { uid: '25182826.1.0', modality: 'US', kind: 'image', size: [800, 350, 1], spacingMm: [0.2623, 0.2623, 1], measurable: true, files: 1, type: 'uint8×3', range: [0, 255], mean: 20.493, issues: ['palette-expanded'] },
      { uid: '6185059.5457', modality: 'US', kind: 'image', size: [320, 240, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8×3', range: [0, 255], mean: 34.2666, issues: ['mixed-sizes-split', 'no-pixel-spacing'] },
      { uid: '85059.5457#2', modality: 'US', kind: 'image', size: [640, 480, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8×3', range: [0, 255], mean: 34.5288, issues: ['mixed-sizes-split', 'no-pixel-spacing', 'ybr-converted'] },
      { uid: '072730.12322', modality: 'CT', kind: 'image', size: [128, 128, 1], spacingMm: [0.6615, 0.6615, 5], measurable: true, files: 1, type: 'int16', range: [-896, 1167], mean: -119.0739, issues: ['single-slice'] },
      { uid: '.120850.2171', modality: 'US', kind: 'stack', size: [320, 240, 30], spacingMm: [0.5105, 0.5105, 1], measurable: true, files: 1, type: 'uint8×3', range: [0, 220], mean: 10.4908, issues: ['lossy-compressed', 'ybr-converted'] },
      { uid: '6185059.5457', modality: 'MR', kind: 'image', size: [64, 64, 1], spacingMm: [0.3125, 0.3125, 0.8], measurable: true, files: 1, type: 'int16', range: [127, 2145], mean: 518.8813, issues: ['slices-refused', 'duplicate-instances-ignored', 'single-slice'] },
      { uid: '6185059.5457', modality: 'NM', kind: 'stack', size: [256, 1024, 3], spacingMm: [2.26, 2.26, 1], measurable: true, files: 3, type: 'int16', range: [-30, 264], mean: 14.066, issues: ['slices-refused', 'lossy-compressed'] },
      { uid: '52805748.3.0', modality: 'US', kind: 'image', size: [80, 60, 1], spacingMm: null, measurable: false, files: 1, type: 'uint8×3', range: [0, 255], mean: 171.5775, issues: ['no-pixel-spacing'] },
      { uid: '3419.1802493', modality: 'CT', kind: 'image', size: [512, 512, 1], spacingMm: [0.4785, 0.4785, 5], measurable: true, files: 1, type: 'int16', range: [-3995, 1812], mean: -1032.3228, issues: ['single-slice', 'lossy-compressed'] },
      { uid: '502397121062', modality: 'OT', kind: 'stack', size: [100, 100, 10], spacingMm: [1, 1, 1], measurable: true, files: 10, type: 'uint8×3', range: [0, 255], mean: 127.6692, issues: ['slices-refused', 'duplicate-instances-ignored', 'mixed-sizes-split', 'lossy-compressed', 'ybr-converted'] },
      { uid: '2397121062#2', modality: 'OT', kind: 'stack', size: [3, 3, 2], spacingMm: [33.3333, 33.3333, 1], measurable: true, files: 2, type: 'uint8×3', range: [49, 179], mean: 128.5556, issues: ['slices-refused', 'duplicate-instances-ignored', 'mixed-sizes-split', 'lossy-compressed', 'ybr-converted'] },
      { uid: '2397121062#3', modality: 'OT', kind: 'stack', size: [100, 100, 2], spacingMm: [1, 1, 1], measurable: true, files: 1, type: 'uint8×3', range: [0, 255], mean: 127.5, issues: ['slices-refused', 'duplicate-instances-ignored', 'mixed-sizes-split'] },
      { uid: '2397121062#4', modality: 'OT', kind: 'stack', size: [100, 100, 2], spacingMm: [1, 1, 1], measurable: true, files: 1, type: 'uint8×3', range: [0, 255], mean: 127.5, issues: ['slices-refused', 'duplicate-instances-ignored', 'mixed-sizes-split'] },
      { uid: '2397121062#5', modality: 'OT', kind: 'image', size: [100, 100, 1], spacingMm: [1, 1, 1], measurable: true, files: 1, type: 'uint8×3', range: [0, 255], mean: 127.7, issues: ['slices-refused', 'duplicate-instances-ignored', 'mixed-sizes-split'] },
      { uid: '550003340146', modality: 'CT', kind: 'image', size: [512, 512, 1], spacingMm: [0.431, 0.431, 5], measurable: true, files: 1, type: 'int16', range: [-2000, 1896], mean: -658.4368, issues: ['single-slice'] },
    ],
    refused: {
      'unsupported-object': [
        'ExplVR_BigEndNoMeta.dcm', 'ExplVR_LitEndNoMeta.dcm', 'badVR.dcm', 'liver_1frame.dcm', 'liver_expb_1frame.dcm', 'reportsi.dcm',
        'reportsi_with_empty_number_tags.dcm', 'rtdose.dcm', 'rtdose_1frame.dcm', 'rtdose_expb.dcm', 'rtdose_expb_1frame.dcm', 'rtdose_rle.dcm',
        'rtdose_rle_1frame.dcm', 'rtplan.dcm', 'rtplan_truncated.dcm', 'rtstruct.dcm', 'test-SR.dcm', 'waveform_ecg.dcm',
      ],
      'broken-dicom': ['JPEG2000-embedded-sequence-delimiter.dcm'],
      'duplicate-instances-ignored': [
        'MR_small_RLE.dcm', 'MR_small_bigendian.dcm', 'MR_small_expb.dcm', 'MR_small_implicit.dcm', 'MR_small_jp2klossless.dcm',
        'MR_small_jpeg_ls_lossless.dcm', 'MR_small_padded.dcm', 'SC_rgb_dcmtk_+eb+cy+n2.dcm', 'SC_rgb_jpeg.dcm', 'SC_rgb_rle.dcm',
        'SC_rgb_small_odd_big_endian.dcm',
      ],
      'truncated-pixel-data': ['MR_truncated.dcm'],
      'unsupported-bits': ['SC_rgb_rle_32bit.dcm', 'SC_rgb_rle_32bit_2frame.dcm'],
      'not-an-image': [
        'UN_sequence.dcm', 'empty_charset_LEI.dcm', 'meta_missing_tsyntax.dcm', 'nested_priv_SQ.dcm', 'no_meta_group_length.dcm', 'priv_SQ.dcm',
      ],
    },
    notDicom: ['no_meta.dcm', 'zipMR.gz'],
  },
};
