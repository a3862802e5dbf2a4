import { randomInt } from 'node:crypto';

/** DICOM modalities that may stand in a file name; anything else is "OT" (other). */
const modalities = new Set(
  'BI CR CT DX ES GM IO IVOCT IVUS MG MR NM OCT OP OPT OT PT PX RF RG SM TG US XA XC'.split(' '),
);

/**
 * Terms of DICOM's Body Part Examined (PS3.16 annex L, the common ones). The attribute is filled by
 * hand at some places and may hold anything, so only a known term goes out.
 */
const bodyParts = new Set(
  (
    'ABDOMEN ABDOMENPELVIS ADRENAL ANKLE AORTA ARM BLADDER BRAIN BREAST BRONCHUS CAROTID CHEST ' +
    'CHESTABDOMEN CHESTABDPELVIS COLON CSPINE DUODENUM ELBOW ESOPHAGUS EXTREMITY EYE FEMUR FOOT ' +
    'FOREARM GALLBLADDER HAND HEAD HEADNECK HEART HIP HUMERUS JAW KIDNEY KNEE LARYNX LEG LIVER ' +
    'LSPINE LUNG MEDIASTINUM NECK ORBIT OVARY PANCREAS PAROTID PELVIS PROSTATE RECTUM RETINA RIB ' +
    'SCALP SCROTUM SHOULDER SKIN SKULL SPINE SPLEEN STERNUM STOMACH TESTIS THYROID TONGUE TRACHEA ' +
    'TSPINE UTERUS WHOLEBODY WRIST'
  ).split(' '),
);

export const safeModality = (modality: string): string =>
  modalities.has(modality.toUpperCase()) ? modality.toUpperCase() : 'OT';

/** A standard term as a word ("Chest"), else "Unknown". */
export function safeAnatomy(bodyPart: string): string {
  const term = bodyPart.toUpperCase().replace(/[\s_-]/g, '');
  return bodyParts.has(term) ? term[0]! + term.slice(1).toLowerCase() : 'Unknown';
}

/** A number from 0 to below `end`, each as likely. */
export type Draw = (end: number) => number;

/**
 * Names for patients and their series within one export: p0001s01 … in an order drawn by lot, so
 * that neither name, identifier nor date can be found back from them. Series of one patient share
 * the first part, for a split by patient.
 */
export function pseudonyms(
  series: { id: string; patientId: string }[],
  draw: Draw = (end) => randomInt(end),
): Map<string, { patient: string; case: string }> {
  const names = new Map<string, { patient: string; case: string }>();
  const patientIds = shuffled([...new Set(series.map(({ patientId }) => patientId))], draw);
  const digits = (count: number, least: number) => Math.max(least, String(count).length);
  patientIds.forEach((patientId, n) => {
    const patient = `p${String(n + 1).padStart(digits(patientIds.length, 4), '0')}`;
    const own = shuffled(
      series.filter((one) => one.patientId === patientId),
      draw,
    );
    own.forEach(({ id }, m) => {
      const number = String(m + 1).padStart(digits(own.length, 2), '0');
      names.set(id, { patient, case: `${patient}s${number}` });
    });
  });
  return names;
}

/** Fisher and Yates' shuffle, of a copy. */
function shuffled<T>(items: T[], draw: Draw): T[] {
  const all = [...items];
  for (let last = all.length - 1; last > 0; last--) {
    const chosen = draw(last + 1);
    [all[last], all[chosen]] = [all[chosen]!, all[last]!];
  }
  return all;
}
