import { part10File, text, unsigned, words } from './dicom-writer.ts';
import { sampleGeometry } from './sample-geometry.ts';
import { sampleSlices, sampleVisits, type SampleSlice } from './timepoints.ts';

const ctImageStorage = '1.2.840.10008.5.1.4.1.1.2';
/** The sample's own branch under the UUID root; it never changes, so that importing it again is noticed. */
const uidRoot = '2.25.301947750284119203847561029384756';
const rescaleIntercept = -1024;

/** The sample patient as CT images, in no special order of studies. */
export function* sampleDicomFiles(): Generator<{ relativePath: string; content: Uint8Array }> {
  for (const slice of sampleSlices()) {
    const name = String(slice.k + 1).padStart(3, '0');
    yield {
      relativePath: `sample-${sampleVisits[slice.visit].studyDate}/CT${name}.dcm`,
      content: dicomFile(slice),
    };
  }
}

function dicomFile({ visit, k, hu }: SampleSlice): Uint8Array {
  const { studyDate, description } = sampleVisits[visit];
  const { sizeVx, spacingMm, originMm, direction: d } = sampleGeometry;
  const date = studyDate.replaceAll('-', '');
  const studyUid = `${uidRoot}.${visit + 1}`;
  const instanceUid = `${studyUid}.1.${k + 1}`;
  const z = originMm[2] + k * spacingMm[2];
  return part10File(ctImageStorage, instanceUid, [
    text(0x00080005, 'CS', 'ISO_IR 192'),
    text(0x00080008, 'CS', 'ORIGINAL', 'PRIMARY', 'AXIAL'),
    text(0x00080016, 'UI', ctImageStorage),
    text(0x00080018, 'UI', instanceUid),
    text(0x00080020, 'DA', date),
    text(0x00080021, 'DA', date),
    text(0x00080030, 'TM', '101500'),
    text(0x00080050, 'SH', `SAMPLE-${visit + 1}`),
    text(0x00080060, 'CS', 'CT'),
    text(0x00080070, 'LO', 'MedSAM Workstation'),
    text(0x00080090, 'PN', ''),
    text(0x00081030, 'LO', description),
    text(0x0008103e, 'LO', 'Portal venous 3 mm (synthetic)'),
    text(0x00100010, 'PN', 'Sample^Patient'),
    text(0x00100020, 'LO', 'SAMPLE'),
    text(0x00100030, 'DA', '19620704'),
    text(0x00100040, 'CS', 'F'),
    text(0x00180015, 'CS', 'ABDOMEN'),
    text(0x00180050, 'DS', spacingMm[2]),
    text(0x00180060, 'DS', 120),
    text(0x00185100, 'CS', 'HFS'),
    text(0x0020000d, 'UI', studyUid),
    text(0x0020000e, 'UI', `${studyUid}.1`),
    text(0x00200010, 'SH', String(visit + 1)),
    text(0x00200011, 'IS', 2),
    text(0x00200013, 'IS', k + 1),
    text(0x00200032, 'DS', originMm[0], originMm[1], z),
    text(0x00200037, 'DS', d[0]!, d[3]!, d[6]!, d[1]!, d[4]!, d[7]!),
    text(0x00200052, 'UI', `${studyUid}.0`),
    text(0x00201040, 'LO', ''),
    unsigned(0x00280002, 1),
    text(0x00280004, 'CS', 'MONOCHROME2'),
    unsigned(0x00280010, sizeVx[1]),
    unsigned(0x00280011, sizeVx[0]),
    text(0x00280030, 'DS', spacingMm[1], spacingMm[0]),
    unsigned(0x00280100, 16),
    unsigned(0x00280101, 12),
    unsigned(0x00280102, 11),
    unsigned(0x00280103, 0),
    text(0x00281050, 'DS', 40),
    text(0x00281051, 'DS', 400),
    text(0x00281052, 'DS', rescaleIntercept),
    text(0x00281053, 'DS', 1),
    text(0x00281054, 'LO', 'HU'),
    words(
      0x7fe00010,
      Uint16Array.from(hu, (value) => value - rescaleIntercept),
    ),
  ]);
}
