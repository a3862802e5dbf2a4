import { computed } from 'vue';
import { useI18n } from 'vue-i18n';

/** Numbers as the viewer writes them: in the language's digits and separators, with a sensible precision. */
export function useNumbers() {
  const { locale } = useI18n();
  const made = computed(() => {
    const format = (digits: number, most = digits) =>
      new Intl.NumberFormat(locale.value, { minimumFractionDigits: digits, maximumFractionDigits: most });
    return { d0: format(0), d1: format(1), d2: format(2), upTo2: format(0, 2), upTo4: format(0, 4) };
  });
  const significant = (value: number): string =>
    Math.abs(value) >= 100 || Number.isInteger(value)
      ? made.value.d0.format(value)
      : Math.abs(value) >= 1
        ? made.value.d1.format(value)
        : made.value.upTo4.format(value);
  return {
    /** Two decimals below 100 mm would claim more than a voxel can; one is what rulers give. */
    mm: (value: number): string => `${made.value.d1.format(value)} mm`,
    px: (value: number): string => `${made.value.d1.format(value)} px`,
    mm2: (value: number): string => `${value < 100 ? made.value.d1.format(value) : made.value.d0.format(value)} mm²`,
    /** Millilitres, which are cubic centimetres. */
    ml: (value: number): string =>
      `${value < 10 ? made.value.d2.format(value) : value < 1000 ? made.value.d1.format(value) : made.value.d0.format(value)} mL`,
    whole: (value: number): string => made.value.d0.format(value),
    /** A change; with the sign of minus, which a hyphen is too short for. */
    percent: (value: number): string => `${value > 0 ? '+' : ''}${made.value.d0.format(value).replace('-', '−')} %`,
    /** A DSC and the like, 0…1. */
    ratio: (value: number): string => made.value.d2.format(value),
    plain: (value: number): string => made.value.upTo2.format(value),
    significant,
  };
}
